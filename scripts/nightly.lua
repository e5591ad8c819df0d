#!/usr/bin/env autobackup
-- nightly.lua [TARGET]: bring what is on no other disk, or newer elsewhere, to TARGET (NAS when left out).
--
-- For cron (README.md has a systemd timer):
--     0 2 * * *  /usr/local/bin/autobackup -q /usr/local/share/autobackup/scripts/nightly.lua NAS >>~/autobackup.log 2>&1
--
-- It reads every disk that is plugged in, and the files of which size and time prove nothing, and asks `check`, then looks
-- at each category of each project:
--   * it is below its policy, and not on TARGET: it is copied there;
--   * TARGET has it, but another disk has other content: what TARGET lacks of that is copied, whatever the files'
--     times. What is replaced goes to .autobackup/versions on TARGET, and a file that is newer on TARGET is left
--     alone and reported.
-- Nothing is ever removed anywhere, and nothing is copied from or to a disk that is unplugged. Then it asks
-- `check` again, and says what is left and why.
--
-- The last line of output is a summary; what is unplugged is told on standard error. Exit status: 0 all is as its
-- policies ask; 3 some files were not copied, or something is not known; 10 something is still below its policy; 1
-- something failed; 75 TARGET is unplugged or busy.

local target = arg and arg[1] or "NAS"

local function contains(list, name)
    for _, element in ipairs(list) do
        if element == name then
            return true
        end
    end
    return false
end

-- The first database of each content that the target lacks and that is plugged in: copy finds out which files.
local function sources_of(row, online)
    local sources, contents = {}, row.lacks[target] or {}
    if not contains(row.databases, target) and contents[1] == nil and row.state ~= "ok" then
        contents = {row.current[1] and row.current or row.databases}
    end
    for _, content in ipairs(contents) do
        for _, database in ipairs(content) do
            if online[database] then
                sources[#sources + 1] = database
                break
            end
        end
    end
    return sources
end

local function plural(count, noun)
    return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end

-- The worst that happened: a failure before a busy disk, that before what was left out. Offline disks are told by name.
local RANKS, worst = {[0] = 0, [3] = 1, [4] = 1, [75] = 2}, 0
local function worsen(status)
    if (RANKS[status or 0] or 3) > (RANKS[worst] or 3) then
        worst = status
    end
end

local totals = {copies = 0, files = 0, bytes = 0, conflicts = 0, failed = 0, errors = 0}

-- What a copy did, where it did or left something: a line for each destination, and on standard error one for each
-- file that was left out.
local function report(result)
    worsen(result.status)
    for _, row in ipairs(result) do
        if row.files_copied + row.conflicts + row.failed == 0 then
            goto next
        end
        print(("%s %s: %s -> %s, %s copied, %d unchanged"):format(row.project, row.category, row.from,
            row.to, plural(row.files_copied, "file"), row.files_unchanged))
        totals.copies = totals.copies + (row.files_copied > 0 and 1 or 0)
        totals.files, totals.bytes = totals.files + row.files_copied, totals.bytes + row.bytes_copied
        totals.conflicts, totals.failed = totals.conflicts + row.conflicts, totals.failed + row.failed
        ::next::
    end
    for _, problem in ipairs(result.problems) do
        warn(problem.path, ": ", problem.message)
    end
end

-- An error in one project is told, and the others go on; an interruption ends the night.
local function copy_cell(cell, source)
    local ok, result = pcall(copy, cell.project, cell.category, source, target)
    if ok then
        report(result)
    elseif result.code == "EINTR" then
        error(result, 0)
    else
        totals.errors = totals.errors + 1
        worsen(1)
        warn(("%s %s: %s"):format(cell.project, cell.category, tostring(result)))
    end
end

local function friendly(bytes)
    local units, unit = {"B", "kB", "MB", "GB", "TB", "PB"}, 1
    while bytes >= 999.5 and unit < #units do
        bytes, unit = bytes / 1000, unit + 1
    end
    return ((unit > 1 and bytes < 9.95) and "%.1f %s" or "%.0f %s"):format(bytes, units[unit])
end

-- What could not be read, or was refused, is told; the night goes on with what was known of it.
local function read_disks()
    local result = load()
    for _, problem in ipairs(result.problems or {}) do
        warn(problem.path, ": ", problem.message)
    end
    worsen(result.status)
end

read_disks()

local online = {}
for _, database in ipairs(databases()) do
    online[database.database] = database.online
    if database.database ~= target and not database.online then
        warn(database.database, " is offline: nothing was read or copied from it")
    end
end
if not online[target] then
    warn(target, " is offline or unknown; nothing was copied")
    exit(75)
end

-- Where size and time do not prove that two disks hold the same, the files are read: then it is known.
for _, row in ipairs(check{all = true}) do
    if row.doubtful then
        local ok, result = pcall(compare, row.project, row.category, {read = true})
        if not ok and result.code == "EINTR" then
            error(result, 0)
        end
    end
end

for _, row in ipairs(check{all = true}) do
    for _, source in ipairs(sources_of(row, online)) do
        copy_cell(row, source)
    end
end

local left = check()
for _, row in ipairs(left) do
    print(("left: %s %s: %s"):format(row.project, row.category,
        row.reasons[1] and table.concat(row.reasons, "; ") or "not known"))
end
print(("%d copied to %s: %s, %s; %s, %d failed, %s"):format(totals.copies, target, plural(totals.files, "file"),
    friendly(totals.bytes), plural(totals.conflicts, "conflict"), totals.failed, plural(totals.errors, "error")))
exit((RANKS[worst] or 3) >= RANKS[75] and worst or left.status == 10 and 10 or worst ~= 0 and 3 or left.status)
