#!/usr/bin/env autobackup
-- nightly.lua [TARGET]: bring what is on no other disk, or newer elsewhere, to TARGET (NAS when left out).
--
-- For cron (README.md has a systemd timer):
--     0 2 * * *  /usr/local/bin/autobackup -q /usr/local/share/autobackup/scripts/nightly.lua NAS >>~/autobackup.log 2>&1
--
-- It reads every disk that is plugged in, then looks at each category of each project:
--   * it exists once, and not on TARGET: it is copied there;
--   * TARGET has it, but another disk has newer content: TARGET is brought up to date. What is replaced goes to
--     .autobackup/versions on TARGET, and a file that is newer on TARGET is left alone and reported.
-- Nothing is ever removed anywhere, and nothing is copied from or to a disk that is unplugged.
--
-- The last line of output is a summary; what is unplugged is told on standard error. Exit status: 0 all that is
-- plugged in is safe; 3 some files were not copied; 1 something failed; 75 TARGET is unplugged or busy.

local target = arg and arg[1] or "NAS"

-- One entry for each category of each project, with its replicas by database.
local function cells_of(list)
    local cells, last = {}, nil
    for _, replica in ipairs(list) do
        if not (last and last.project == replica.project and last.category == replica.category) then
            last = {project = replica.project, category = replica.category, replicas = {}}
            cells[#cells + 1] = last
        end
        table.insert(last.replicas, replica)
    end
    return cells
end

local function is_newer(a, b)
    return not b or (a.newest or 0) > (b.newest or 0)
end

-- The replica to copy to the target, or nil when there is nothing to do.
local function source_of(cell)
    local newest, on_target
    for _, replica in ipairs(cell.replicas) do
        if replica.database == target then
            on_target = replica
        elseif replica.online and replica.files > 0 and is_newer(replica, newest) then
            newest = replica
        end
    end
    if not newest then
        return nil
    elseif not on_target then
        return #cell.replicas == 1 and newest or nil
    elseif on_target.fingerprint ~= newest.fingerprint and is_newer(newest, on_target) then
        return newest
    end
end

local function plural(count, noun)
    return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end

local totals = {copies = 0, files = 0, bytes = 0, conflicts = 0, failed = 0, errors = 0}

-- What a copy did: a line for each destination, and on standard error one for each file that was left out.
local function report(result)
    for _, row in ipairs(result) do
        print(("%s %s: %s -> %s, %s copied, %d unchanged"):format(row.project, row.category, row.from,
            row.to, plural(row.files_copied, "file"), row.files_unchanged))
        totals.copies = totals.copies + 1
        totals.files, totals.bytes = totals.files + row.files_copied, totals.bytes + row.bytes_copied
        totals.conflicts, totals.failed = totals.conflicts + row.conflicts, totals.failed + row.failed
    end
    for _, problem in ipairs(result.problems) do
        warn(problem.path, ": ", problem.message)
    end
end

-- An error in one project is told, and the others go on; an interruption ends the night.
local function copy_cell(cell, source)
    local ok, result = pcall(copy, cell.project, cell.category, source.database, target)
    if ok then
        report(result)
    elseif result.code == "EINTR" then
        error(result, 0)
    else
        totals.errors = totals.errors + 1
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

load()

local is_online = false
for _, database in ipairs(databases()) do
    if database.database == target then
        is_online = database.online
    elseif not database.online then
        io.stderr:write(database.database, " is offline: nothing was read or copied from it\n")
    end
end
if not is_online then
    io.stderr:write(target, " is offline or unknown; nothing was copied\n")
    exit(75)
end

for _, cell in ipairs(cells_of(replicas())) do
    local source = source_of(cell)
    if source then
        copy_cell(cell, source)
    end
end

print(("%d copied to %s: %s, %s; %s, %d failed, %s"):format(totals.copies, target, plural(totals.files, "file"),
    friendly(totals.bytes), plural(totals.conflicts, "conflict"), totals.failed, plural(totals.errors, "error")))
if totals.errors > 0 then
    exit(1)
end
exit()    -- with the worst outcome of the commands above
