--- The operations that are known, from the catalog and from the manifests on the disks, put together.
-- Pure: tables in, tables out.
local expiry = require "autobackup.expiry"
local runs = require "autobackup.runs"

local M = {}

--- The category, client and project that a replica's path means.
-- @param path relative to its database
-- @param categories catalog rows
-- @return category row, client, project's own name; nil when it is no replica's path as far as is known
function M.place(path, categories)
    for _, category in ipairs(categories) do
        if path:sub(1, #category.path + 1) == category.path .. "/" then
            local client, name = path:sub(#category.path + 2):match("^([^/]+)/([^/]+)$")
            if client then
                return category, client, name
            end
        end
    end
end

local function seconds(ns)
    return ns and ns / 1000000000 or nil
end

local function duration(from, to)
    return from and to and to >= from and (to - from) / 1000000000 or nil
end

local COUNTS = {created = "created", replaced = "replaced", removed = "removed", corrected = "touched",
    directories = "directories"}

local function add_counts(entry, found)
    for key, theirs in pairs(COUNTS) do
        entry[key] = found[theirs]
    end
end

local function from_catalog(row)
    local is_undo = row.kind == "undo"
    local entry = {
        operation = row.id, kind = row.kind, project = row.project, category = row.category,
        from = not is_undo and row.source or nil, undoes = is_undo and row.source or nil, to = row.target,
        run = row.run, state = row.state, host = row.host, user = row.user, pid = row.pid, boot = row.boot,
        began = row.began, started_at = seconds(row.started_at),
        finished_at = seconds(row.finished_at), seconds = duration(row.started_at, row.finished_at),
        files = row.files, bytes = row.bytes, message = row.message, database = row.target, known = true,
    }
    add_counts(entry, row)
    return entry
end

local function database_name(identity, databases)
    for _, database in ipairs(databases) do
        if database.identity == identity then
            return database.database
        end
    end
end

-- What a manifest says more, or for the first time.
local function add_manifest(entry, found, disk, context)
    local is_undo = found.kind == "undo"
    local category, client, name = M.place(found.replica, context.categories)
    entry.kind, entry.replica = found.kind, found.replica
    entry.project = entry.project or client and client .. "/" .. name or nil
    entry.category = entry.category or category and category.category or nil
    entry.from = entry.from or not is_undo and database_name(found.source, context.databases) or nil
    entry.undoes = is_undo and found.source or nil
    entry.state = entry.state or found.state or "unfinished"
    -- "failed" may be the word of who buried it: killed behind its manifest's end it never told the catalog.
    if found.state and (entry.state == "running" or entry.state == "failed" or not entry.known) then
        if found.state ~= "failed" then
            entry.message = nil
        end
        entry.state = found.state
    end
    entry.host, entry.pid, entry.boot, entry.began = found.host, found.pid, found.boot, found.began
    entry.run, entry.user = entry.run or found.run, found.user or entry.user
    entry.started_at = entry.started_at or seconds(found.started_at)
    entry.finished_at = entry.finished_at or seconds(found.finished_at)
    entry.seconds = entry.seconds or duration(found.started_at, found.finished_at)
    entry.files, entry.bytes = entry.files or found.files, entry.bytes or found.bytes
    entry.database, entry.to, entry.manifest, entry.versions = disk, disk, true, found.has_versions
    add_counts(entry, found)
end

-- What its manifest says nobody knows here, but that it is there.
local function add_unread(entry, found, disk)
    entry.kind, entry.state = entry.kind or "unknown", entry.state or "unknown"
    entry.started_at = entry.started_at or seconds(expiry.started_at(found))
    entry.database, entry.to, entry.versions = disk, disk, found.has_versions
    entry.unread = found.unread
    entry.message = ("%s: the manifest of %s cannot be read (%s): what it did there is not known"):format(disk,
        found.operation, found.unread)
end

local function is_newer(a, b)
    local first, second = a.started_at or 0, b.started_at or 0
    if first ~= second then
        return first > second
    elseif a.operation ~= b.operation then
        return a.operation > b.operation
    end
    return (a.database or "") < (b.database or "")
end

-- The newest first: an undo that was undone itself undoes nothing any more; what undid it did the operation again. One that
-- left something leaves the operation undone in part, until another one is whole.
local function mark_undone(list)
    local by, again = {}, {}
    for _, entry in ipairs(list) do
        local key = ("%s\0%s"):format(entry.operation, entry.database)
        local theirs = entry.undoes and ("%s\0%s"):format(entry.undoes, entry.database)
        entry.undone_by, entry.redone_by = by[key] and by[key].operation, again[key]
        entry.undone_in_part = by[key] and by[key].state == "partial" or nil
        if theirs and entry.undone_by then
            again[theirs] = again[theirs] or by[theirs] == nil and entry.undone_by or nil
        elseif theirs and (entry.state == "done" or entry.state == "partial") then
            by[theirs] = by[theirs] or entry
        end
    end
end

local function mark_unfinished(entry, is_alive)
    if entry.state == "running" or entry.state == "unfinished" then
        local alive = is_alive(entry)
        entry.state = alive == nil and "unknown" or alive and "running" or "unfinished"
    end
end

--- Put together what the catalog and the disks know.
-- @param rows of the catalog's operation table
-- @param disks list of {database = name, operations = list of core.undo.operations}
-- @param context {categories=, databases= (catalog rows), is_alive=function(entry): does its process run?
--        nil where that cannot be told from here}
-- @return list, newest first, of {operation, kind, project?, category?, from?, to, undoes?, undone_by?,
--         undone_in_part?, redone_by?, run?, state, host, user?, pid, started_at, finished_at?, seconds?, files, bytes,
--         database (where its manifest lies), manifest? (it is there), versions?, created?, replaced?,
--         removed?, corrected?, directories?, replica? (its path), known? (the catalog has it), message?,
--         unread? (the code of why its manifest could not be read: message says it)}; times in seconds
function M.merge(rows, disks, context)
    local list, entries = {}, {}
    for _, row in ipairs(rows) do
        local entry = from_catalog(row)
        list[#list + 1], entries[row.id .. "\0" .. row.target] = entry, entry
    end
    for _, disk in ipairs(disks) do
        for _, found in ipairs(disk.operations) do
            local key = found.operation .. "\0" .. disk.database
            if (found.has_manifest or found.unread) and not entries[key] then
                entries[key] = {operation = found.operation}
                list[#list + 1] = entries[key]
            end
            if found.has_manifest then
                add_manifest(entries[key], found, disk.database, context)
            elseif found.unread then
                add_unread(entries[key], found, disk.database)
            end
        end
    end
    for _, entry in ipairs(list) do
        mark_unfinished(entry, context.is_alive)
    end
    table.sort(list, is_newer)
    mark_undone(list)
    return list
end

local function with_id(list, id)
    local found = {}
    for _, entry in ipairs(list) do
        if entry.operation == id then
            found[#found + 1] = entry
        end
    end
    return found
end

local function is_short_for(text, id)
    return id:sub(1, #text) == text or id:sub(-#text) == text
end

-- The ids of operations, and of runs of several, that a text is a beginning or an end of.
local function matching(list, text)
    local sizes, found, seen = runs.sizes(list), {}, {}
    for _, entry in ipairs(list) do
        local run = entry.run and sizes[entry.run] > 1 and entry.run or entry.operation
        for _, id in ipairs{entry.operation, run} do
            if not seen[id] and is_short_for(text, id) then
                seen[id], found[#found + 1] = true, id
            end
        end
    end
    return found
end

-- The entries of an operation, or of a run.
local function of_id(list, id)
    local entries = with_id(list, id)
    return #entries > 0 and entries or runs.members(list, id)
end

--- The operation or run that a word means: its id, a clear beginning or end of it, or `last`, the last run.
-- @param list of merge, @param text the word
-- @return its entries (of an operation one for each database that has it), newest first; or nil, message
function M.resolve(list, text)
    if text == "last" then
        if not list[1] then
            return nil, "there is no operation yet"
        end
        return runs.together(list, list[1])
    end
    local exact = of_id(list, text)
    if #exact > 0 then
        return exact
    end
    local ids = matching(list, text)
    if #ids == 1 then
        return of_id(list, ids[1])
    elseif #ids == 0 then
        return nil, ("no operation '%s'; 'history' lists them"):format(text)
    end
    local shown = table.concat(ids, ", ", 1, math.min(#ids, 3)) .. (#ids > 3 and ", ..." or "")
    return nil, ("'%s' may be %d operations: %s; write more of it"):format(text, #ids, shown)
end

local function changed_something(entry)
    return (entry.created or 0) + (entry.replaced or 0) + (entry.removed or 0) + (entry.corrected or 0)
        + (entry.directories or 0) > 0
end

local BRINGS = {copy = true, restore = true, undo = true}    -- what comes to nothing when it brought nothing

--- Those of the operations that may be meant by `undo last`: not what found nothing to do.
-- @param list of merge
-- @return list
function M.that_changed(list)
    local changed = {}
    for _, entry in ipairs(list) do
        local is_void = not changed_something(entry) and (entry.manifest or (entry.files or 0) == 0)
        changed[#changed + 1] = not (is_void and BRINGS[entry.kind]) and entry or nil
    end
    return changed
end

-- Whole: an undo that left something is offered again, for what it left.
local function is_undone(entry) return entry.undone_by and not entry.undone_in_part end

-- Its versions were pruned, or it never had any.
local function lacks_versions(entry)
    return (entry.replaced or 0) + (entry.removed or 0) > 0 and not entry.versions
end

--- What `undo` alone means: the run of the last operation of this catalog that changed something, is no undo
-- itself and was not undone as a whole. What another workstation did is undone only by its name.
-- @param list of merge
-- @param is_void function(entry) -> whether nothing (more) could be undone of an operation that did not end, was
--        undone in part, or has no versions any more (optional)
-- @return its entries, newest first, or nil, message
function M.last_to_undo(list, is_void)
    local void
    for _, entry in ipairs(list) do
        local in_part = entry.state ~= "done" or entry.undone_in_part or lacks_versions(entry)
        if entry.known and entry.manifest and not is_undone(entry) and not entry.undoes and entry.kind ~= "prune"
            and changed_something(entry) then
            if not (is_void and in_part and is_void(entry)) then
                return runs.together(list, entry)
            end
            void = void or entry
        end
    end
    if void then
        local id = void.operation
        return nil, ("nothing to undo: of %s, and of what may lie before it, nothing is left that can be undone "
            .. "('undo %s' says why); 'history' lists them all"):format(id, id:match("[^-]*$"))
    end
    return nil, "nothing to undo: no operation of this workstation has changed anything on a disk that is there; "
        .. "'history' lists them all"
end

--- When the newest operation that `undo` alone could mean began on a database that could not be read, as far as the
-- catalog knows.
-- @param list of merge, @param database name
-- @return seconds, or nil
function M.newest_on(list, database)
    for _, entry in ipairs(list) do
        if entry.database == database and entry.known and not is_undone(entry) and not entry.undoes
            and entry.kind ~= "prune" and entry.kind ~= "verify" and entry.kind ~= "accept" then
            return entry.started_at
        end
    end
end

--- What has to be undone to undo an operation: where it was undone and done again, that which did it again.
-- @param list of merge, @param entry of it
-- @return entry
function M.in_effect(list, entry)
    for _, other in ipairs(entry.redone_by and list or {}) do
        if other.operation == entry.redone_by and other.database == entry.database then
            return M.in_effect(list, other)
        end
    end
    return entry
end

--- The shortest end of an id that no other operation's has, for people to type.
-- @param list of merge
-- @return table from id to text; ids of runs are in it too
function M.short_names(list)
    local count, names = {}, {}
    local ids = matching(list, "")
    for _, id in ipairs(ids) do
        local tail = id:match("[^-]*$")
        count[tail] = (count[tail] or 0) + 1
    end
    for _, id in ipairs(ids) do
        local tail = id:match("[^-]*$")
        names[id] = count[tail] == 1 and tail ~= "" and tail or id
    end
    return names
end

return M
