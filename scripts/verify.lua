#!/usr/bin/env autobackup
-- verify.lua [OLDER [MAX-BYTES [DATABASE...]]]: read back a part of all disks, every night another one.
--
-- For cron (README.md has a systemd timer):
--     0 4 * * *  /usr/local/bin/autobackup -q /usr/local/share/autobackup/scripts/verify.lua 90d 500GB >>~/autobackup.log 2>&1
--
-- It looks for what is new on the disks, then reads what was not verified for OLDER (90d when left out), the
-- longest unverified first, and stops after MAX-BYTES (500GB when left out), on every disk that is plugged in or
-- those named. Choose them so that all of it is read once in OLDER: 45 TB in 90 nights are 500 GB a night. Nothing
-- is written to a disk.
--
-- It prints what is damaged and what to type so that it is mended, then a summary, so there is something to read
-- each night. Exit status: 0 all that was read is good; 3 some files could not be read or changed since the last load;
-- 11 there is damage, also such as an earlier night found and nobody has mended; 75 a disk that was named is
-- unplugged; 1 something failed.

local older, max_bytes = arg and arg[1] or "90d", arg and arg[2] or "500GB"
local databases_named = table.move(arg or {}, 3, #(arg or {}), 1, {})

local function plural(count, noun)
    return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end

local function friendly(bytes)
    local units, unit = {"B", "kB", "MB", "GB", "TB", "PB"}, 1
    while bytes >= 999.5 and unit < #units do
        bytes, unit = bytes / 1000, unit + 1
    end
    return ((unit > 1 and bytes < 9.95) and "%.1f %s" or "%.0f %s"):format(bytes, units[unit])
end

local function quoted(word)
    return "'" .. word:gsub("'", "'\\''") .. "'"
end

if #databases() > 0 then
    load()    -- what changed on purpose is no damage, and what is new is read too
end
if #projects() == 0 then
    print("no project is known; nothing was verified")
    exit()
end

local result = verify{project = glob "*/*", category = "all", databases = databases_named, older = older,
    max_bytes = max_bytes}

-- What is damaged, and the commands that mend what another disk has whole.
local commands, order = {}, {}
for _, problem in ipairs(result.problems) do
    if problem.state == "damaged" or problem.state == "differs" then
        print(problem.path .. ": " .. problem.message)
    else
        warn(problem.path, ": ", problem.message)
    end
    if problem.state == "damaged" and #problem.good_on > 0 then
        local command = ("autobackup verify %s %s %s --repair"):format(quoted(problem.project),
            quoted(problem.category), quoted(problem.database))
        if not commands[command] then
            commands[command] = true
            order[#order + 1] = command
        end
    end
end
if #order > 0 then
    print("to mend it, run:")
    for _, command in ipairs(order) do
        print("  " .. command)
    end
end

local files, bytes, damaged, left = 0, 0, 0, 0
for _, row in ipairs(result) do
    files, bytes = files + row.files, bytes + row.bytes
    damaged, left = damaged + row.files_damaged + row.files_differing, left + row.bytes_left
end
print(("verified %s (%s): %d damaged; %s still due"):format(plural(files, "file"), friendly(bytes), damaged,
    friendly(left)))
exit()    -- with the outcome of the command above
