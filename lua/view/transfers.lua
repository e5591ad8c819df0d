--- What copies did, or would do, in words.
local size = require "autobackup.view.size"
local sum = require("autobackup.rows").sum

local M = {}

local MANY = 3    -- operations that are named one by one

local DONE = {"files_copied", "others_copied", "directories_made", "directories_removed", "files_removed",
    "metadata_only"}
local OPEN = {"conflicts", "failed", "files_left", "respelled"}    -- so it is not known that nothing is to be done

local function has(copies, keys)
    for _, key in ipairs(keys) do
        if sum(copies, key) > 0 then
            return true
        end
    end
    return false
end

local function files_text(copies)
    local replaced = sum(copies, "files_replaced")
    return ("%s copied (%s)%s"):format(size.plural(sum(copies, "files_copied"), "file"),
        size.size(sum(copies, "bytes_copied")),
        replaced > 0 and (", %s of them replaced"):format(size.count(replaced)) or "")
end

local function parts_of(copies)
    local parts = {}
    local function add(key, format, noun, plural)
        local count = sum(copies, key)
        if count > 0 then
            parts[#parts + 1] = format:format(noun and size.plural(count, noun, plural) or size.count(count))
        end
    end
    if sum(copies, "files_copied") > 0 then
        parts[1] = files_text(copies)
    end
    add("others_copied", "%s copied", "link or special file", "links and special files")
    add("directories_made", "%s made", "folder")
    add("directories_removed", "%s removed", "folder")
    add("files_removed", "%s removed and kept as versions")
    add("metadata_only", "%s with only rights or times set")
    add("refused", "%s without some rights, times or attributes")
    add("conflicts", "%s", "conflict")
    add("failed", "%s failed")
    add("files_left", "%s left as they are")
    add("files_unchanged", "%s unchanged")
    return parts
end

-- What to type to take it back.
local function how_to_undo(operations)
    return #operations == 1 and ("; 'undo %s' puts it back"):format(operations[1]:match("[^-]*$"))
        or "; 'undo OPERATION' puts it back, 'history' lists them"
end

-- Where the versions of what was replaced or removed are: a path each on the databases' disks.
local function versions(copies)
    local operations, ids, databases, seen = {}, {}, {}, {}
    for _, row in ipairs(copies) do
        if row.operation and row.files_replaced + row.files_removed > 0 then
            ids[#ids + 1] = row.operation
            operations[#operations + 1] = (".autobackup/versions/%s on %s"):format(row.operation, row.to)
            if not seen[row.to] then
                seen[row.to], databases[#databases + 1] = true, row.to
            end
        end
    end
    if #operations > MANY then
        return "what was replaced or removed is kept in .autobackup/versions on " .. table.concat(databases, ", ")
            .. how_to_undo(ids)
    elseif #operations > 0 then
        return "what was replaced or removed is kept in " .. table.concat(operations, ", ") .. how_to_undo(ids)
    end
end

local function nothing_text(refused)
    local text = "nothing to do: everything is there already"
    return refused == 0 and text or ("%s but some rights, times or attributes of %s"):format(text,
        size.plural(refused, "file or folder", "files and folders"))
end

--- What copies came to.
-- @param copies rows of type "copy", at least one; files_left may be absent
-- @param status of the result they are of
-- @return list of lines, perhaps empty
function M.summary(copies, status)
    local is_done = has(copies, DONE)
    if not is_done and not has(copies, OPEN) then
        return status == 0 and {nothing_text(sum(copies, "refused"))} or {}
    elseif copies[1].dry_run then
        return {"nothing was copied: this is the plan"}
    end
    local lines = {table.concat(parts_of(copies), ", ")}
    lines[2] = versions(copies)
    return lines
end

local WORDS = {new = "copy", changed = "replace", metadata = "set rights and times",
    conflict = "leave (newer there)"}
local CONFLICTS = {
    EDIGEST = "leave (another content there)",
    EDAMAGED = "leave (damaged there)",
    EDOUBT = "leave (perhaps another content there: compare --read reads it)",
}

--- What is to be done with an entry, in words.
-- @param action row of type "action"
-- @return text
function M.action(action)
    if action.kind == "extra" then
        return action.removes and "remove (kept as versions)" or "leave (extra there)"
    elseif action.kind == "type" then
        local types = action.file_type == "directory" and "folder here, file there" or "file here, folder there"
        return action.removes and ("replace (%s: kept as versions)"):format(types) or ("leave (%s)"):format(types)
    end
    return CONFLICTS[action.code] or WORDS[action.kind] or action.kind
end

return M
