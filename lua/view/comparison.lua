--- Comparisons for people: what differs, folded; then a table of two databases, or a grid of more.
local rows = require "autobackup.rows"
local databases_view = require "autobackup.view.databases"
local sequence = require "autobackup.view.sequence"
local size = require "autobackup.view.size"

local M = {}

local COLORS = {same = "green", differs = "yellow", incomplete = "yellow", absent = "yellow", only = "yellow"}

-- ---- what differs, file by file ----

local REASONS = {
    size = "another size", content = "another content", target = "another target", type = "another kind of thing",
    time = "another time", doubt = "perhaps another content",
}

local function note_of(row)
    local parts = {}
    if row.why then
        parts[1] = REASONS[row.why] or row.why
    end
    if row.status == "=" and row.why then
        parts[1] = "same content, another time"
    elseif row.newer then
        parts[#parts + 1] = "newer on " .. row.newer
    end
    return table.concat(parts, ", ")
end

-- Differences that look alike, in the order in which they first come.
local function alike(differences)
    local groups, order = {}, {}
    for _, row in ipairs(differences) do
        local note = note_of(row)
        local key = row.status .. note
        if not groups[key] then
            groups[key] = {status = row.status, note = note}
            order[#order + 1] = groups[key]
        end
        table.insert(groups[key], row.inside .. (row.kind == "directory" and "/" or ""))
    end
    return order
end

local MOST_GAPS = 4

-- What is said of a folded sequence: what it leaves out is in another group, or nowhere.
local function about(entry)
    if entry.count == 1 then
        return ""
    end
    local without = ""
    if entry.missing > 0 then
        local gaps = table.concat(entry.gaps, ", ", 1, math.min(#entry.gaps, MOST_GAPS))
        without = (", without %s%s"):format(gaps, #entry.gaps > MOST_GAPS and ", ..." or "")
    end
    return (" (%s%s)"):format(size.plural(entry.count, "file"), without)
end

local function show_group(group, out)
    local note = group.note ~= "" and "  " .. group.note or ""
    for _, entry in ipairs(sequence.fold(group)) do
        out:entry(("  %s "):format(group.status), entry.text, about(entry) .. note, "dim")
    end
end

local function title(row)
    if row.absent or not row.database then
        local holder = row.absent == row.reference and row.database or row.reference
        return ("%s %s, only on %s:"):format(row.project, row.category, holder)
    end
    return ("%s %s, %s compared with %s:"):format(row.project, row.category, row.database, row.reference)
end

local SIGNS = {
    {"+", "only on %s"}, {"-", "only on %s"}, {"*", "different"}, {"!", "could not be read"},
    {"?", "has to be read to know: verify does"}, {"=", "the same"},
}

local function legend(row, differences)
    local seen, parts = {}, {}
    for _, difference in ipairs(differences) do
        seen[difference.status] = true
    end
    for _, sign in ipairs(SIGNS) do
        if seen[sign[1]] then
            parts[#parts + 1] = sign[1] .. " "
                .. sign[2]:gsub("%%s", function() return sign[1] == "+" and row.reference or row.database end)
        end
    end
    return table.concat(parts, ", ")
end

local function show_pair(differences, out)
    local row = differences[1]
    out:prose(out:clean(title(row)))
    for _, group in ipairs(alike(differences)) do
        show_group(group, out)
    end
    out:prose(out:clean(legend(row, differences)), "dim")
    out:line("")
end

local function is_same_pair(a, b)
    return a.project == b.project and a.category == b.category and a.reference == b.reference
        and a.database == b.database
end

--- Show what differs, file by file.
-- @param differences rows of type "difference", those of a pair together
-- @param out an output
function M.show_differences(differences, out)
    local first = 1
    for i, row in ipairs(differences) do
        local after = differences[i + 1]
        if not (after and is_same_pair(row, after)) then
            show_pair(table.move(differences, first, i, 1, {}), out)
            first = i + 1
        end
    end
end

-- ---- one database ----

local function show_one(compared, out)
    out:table{rows = compared, columns = {
        {key = "project", title = "PROJECT", group = true, head = true, min = 12},
        {key = "category", title = "CATEGORY", head = true},
        {key = "reference", title = "ONLY ON", names = true, color = function() return COLORS.only end},
        {key = "files", title = "FILES", align = "right", format = function(n) return out:count(n) end},
        {key = "bytes", title = "SIZE", align = "right", format = size.size},
    }}
end

-- ---- what differs, in words ----

local function others_of(row)
    if row.state == "absent" then
        return 0
    end
    return row.others_only_reference + row.others_only_database + row.others_different
end

-- How the files that are in both and different do differ: {{count, word}...}, those of which no more is known as
-- `rest`.
local function kinds_of_different(row, newer, older, rest)
    local content = row.files_other_content or 0
    local others = row.files_different - row.newer_database - row.newer_reference - content
    return {{row.newer_database, newer}, {row.newer_reference, older}, {content, "with another content"},
        {others, rest}}
end

local function counted(parts, out)
    local list = {}
    for _, part in ipairs(parts) do
        if part[1] > 0 then
            list[#list + 1] = out:count(part[1]) .. " " .. part[2]
        end
    end
    return table.concat(list, ", ")
end

local function plural(count, one, many)
    return count == 1 and one or many
end

-- What there is to say besides files that one side lacks or that differ.
local function besides(row)
    local others, unread, doubtful = others_of(row), row.unread, row.files_doubtful or 0
    return {others, plural(others, "link or folder", "links or folders")}, {unread, "not readable"},
        {doubtful, "to be read to know"}, {row.other_time, "the same but for the time"},
        {row.regrouped or 0, plural(row.regrouped, "hard link otherwise", "hard links otherwise")}
end

-- ---- the table of two databases ----

-- A row as its two databases see it, whichever of them is the reference.
local function sides(row, first, out)
    local is_first = row.reference == first
    local a, b = is_first and "reference" or "database", is_first and "database" or "reference"
    local parts = row.state == "absent" and {}
        or kinds_of_different(row, "newer on " .. (row.database or ""), "newer on " .. row.reference,
            "of another size, kind or content")
    if row.state ~= "absent" then
        table.move({besides(row)}, 1, 5, #parts + 1, parts)
    end
    return {
        project = row.project, category = row.category, state = row.state, reference = row.reference,
        same = row.files_same, different = row.files_different, notes = counted(parts, out),
        a_files = row["files_only_" .. a], a_bytes = row["bytes_only_" .. a],
        b_files = row["files_only_" .. b], b_bytes = row["bytes_only_" .. b],
    }
end

local STATES = {incomplete = "not known"}

local function two_columns(first, second, out)
    local function number(key, name, color)
        return {key = key, title = name, align = "right", format = function(n) return out:count(n) end,
            color = color and function(value) return value > 0 and color or nil end}
    end
    local function only(key, database)
        return {key = key .. "_files", before = "ONLY ON ", name = database, align = "right",
            format = function(n, line)
                return n > 0 and ("%s (%s)"):format(out:count(n), size.size(line[key .. "_bytes"])) or "0"
            end,
            color = function(value) return value > 0 and "yellow" or nil end}
    end
    return {
        {key = "project", title = "PROJECT", group = true, head = true, min = 12},
        {key = "category", title = "CATEGORY", head = true},
        {key = "state", title = "STATE",
            format = function(value, line)
                return value == "only" and "only on " .. line.reference or STATES[value] or value
            end,
            color = function(value) return COLORS[value] end, min = 9},
        number("same", "SAME"), only("a", first), only("b", second), number("different", "DIFFERENT", "yellow"),
        {key = "notes", title = "NOTES", hide_empty = true, min = 16},
    }
end

local function show_two(compared, names, out)
    local first, second = names[1], names[2]
    local lines = {}
    for i, row in ipairs(compared) do
        lines[i] = sides(row, first, out)
    end
    out:table{rows = lines, columns = two_columns(first, second, out)}
end

-- ---- the grid of more ----

-- What a database has, as seen from the reference.
local function relation(row, out)
    if row.state == "absent" then
        return row.absent == row.database and "absent" or counted({{row.files_only_database, "more"}}, out)
    elseif row.state ~= "differs" then
        return STATES[row.state] or row.state
    end
    local parts = kinds_of_different(row, "newer", "older", "different")
    table.insert(parts, 1, {row.files_only_database, "more"})
    table.insert(parts, 1, {row.files_only_reference, "missing"})
    table.move({besides(row)}, 1, 5, #parts + 1, parts)
    return counted(parts, out)
end

local ON = "on "    -- before a database's name as a key: it may be any word

local function grid(compared)
    local lines, last = {}, nil
    for _, row in ipairs(compared) do
        if not (last and last.project == row.project and last.category == row.category) then
            last = {project = row.project, category = row.category, [ON .. row.reference] = row}
            lines[#lines + 1] = last
        end
        if row.database then
            last[ON .. row.database] = row
        end
    end
    return lines
end

-- The words that the cells use, explained.
local WORDS = {
    {"missing", "missing: not there"}, {"more", "more: only there"}, {"newer", "newer, older: there, than the "
    .. "reference"}, {"older", "newer, older: there, than the reference"},
}

local function grid_legend(compared, out)
    local text, parts, said = {}, {"sizes: the reference, which the others are compared with, in files"}, {}
    for i, row in ipairs(compared) do
        text[i] = row.database and relation(row, out) or ""
    end
    text = table.concat(text, ", ")
    for _, word in ipairs(WORDS) do
        if text:find(" " .. word[1], 1, true) and not said[word[2]] then
            said[word[2]] = true
            parts[#parts + 1] = word[2]
        end
    end
    return table.concat(parts, "; ")
end

local function show_grid(compared, names, out)
    local columns = {
        {key = "project", title = "PROJECT", group = true, head = true, min = 12},
        {key = "category", title = "CATEGORY", head = true},
    }
    for _, name in ipairs(names) do
        local function cell(row)
            if row and row.reference == name then
                return row.absent == name and "absent" or size.size(row.bytes)
            end
            return row and relation(row, out)
        end
        columns[#columns + 1] = {key = ON .. name, name = name, align = "right", format = cell,
            absent = function(row) return row and row.absent == name or false end,
            color = function(row) return row and row.database == name and COLORS[row.state] or nil end}
    end
    out:table{rows = grid(compared), columns = columns}
    out:line("")
    out:prose(grid_legend(compared, out), "dim")
end

-- ---- all of it ----

--- Show the result of compare.
-- @param result rows of type "compare", each followed by its rows of type "difference"; `databases`: list for
--        view/databases.lua of those that take part
-- @param out an output
function M.show(result, out)
    local compared, differences = rows.split(result, "compare")
    M.show_differences(differences, out)
    local names = {}
    for i, database in ipairs(result.databases) do
        names[i] = database.database
    end
    if #names == 1 then
        show_one(compared, out)
    elseif #names > 2 then
        show_grid(compared, names, out)
    else
        show_two(compared, names, out)
    end
    databases_view.show(result.databases, out)
end

return M
