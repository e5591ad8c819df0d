--- Does all that one copy is to do fit? Asked of the whole request before it begins, for each filesystem that is
-- written to: databases that share one share its room.
local core_copy = require "core.copy"
local apart = require "autobackup.apart"
local errors = require "autobackup.errors"
local fs = require "core.fs"
local jobs = require "autobackup.jobs"
local locate = require "autobackup.locate"
local renewal = require "autobackup.renewal"
local size = require "autobackup.view.size"
local statuses = require "autobackup.status"

local M = {}

-- ---- pure: what fits ----

local function fits(disk, bytes, inodes)
    return (not disk.bytes_free or bytes <= disk.bytes_free)
        and (not disk.inodes_free or inodes <= disk.inodes_free)
end

-- Bytes in floating point: sparse files may claim more than an integer holds.
local function sum(wants)
    local bytes, inodes = 0.0, 0
    for _, want in ipairs(wants) do
        bytes, inodes = bytes + want.bytes, inodes + want.inodes
    end
    return bytes, inodes
end

--- Whether all that a disk is to take fits.
-- @param disk {bytes_free=, inodes_free= (nil: not counted), wants = list of {bytes=, inodes=}}
function M.has_room(disk)
    return fits(disk, sum(disk.wants))
end

--- Which of them fit, one after the other in their order: what is too large for what is left then is left out.
-- @param disk as of has_room
-- @return list of those that fit, list of those that do not
function M.choose(disk)
    local chosen, left, bytes, inodes = {}, {}, 0.0, 0
    for _, want in ipairs(disk.wants) do
        if fits(disk, bytes + want.bytes, inodes + want.inodes) then
            chosen[#chosen + 1], bytes, inodes = want, bytes + want.bytes, inodes + want.inodes
        else
            left[#left + 1] = want
        end
    end
    return chosen, left
end

--- Whether there are too few inodes, however small the files.
function M.lacks_inodes(disk)
    local _, inodes = sum(disk.wants)
    return not fits(disk, 0, inodes)
end

local SHOWN = 4      -- transfers that are named
local EXACT = 100    -- transfers that are planned for exact numbers even where it cannot fit any more

-- What is the same already needs no room.
local function with_work(wants)
    local list = {}
    for _, want in ipairs(wants) do
        list[#list + 1] = (want.bytes > 0 or want.inodes > 0) and want or nil
    end
    return list
end

local function named(wants, with_database)
    local names = {}
    for i = 1, math.min(#wants, SHOWN) do
        local want = wants[i]
        names[i] = ("%s %s%s"):format(want.item.project, want.item.category,
            with_database and " to " .. want.target.database or "")
    end
    return table.concat(names, ", ") .. (#wants > SHOWN and (" and %d more"):format(#wants - SHOWN) or "")
end

local function amount(wants)
    return size.size(size.whole((sum(wants))))
end

--- The sentence that says that it does not fit, with the numbers and with what would.
-- @param disk as of has_room, with names = list of the databases on it, is_bound = whether the numbers are
--        an upper bound; its wants have item, target
-- @param in_part whether some of what does not fit is going to be copied in part (optional)
-- @return text
function M.sentence(disk, in_part)
    local chosen, left = M.choose(disk)
    local bytes, inodes = sum(disk.wants)
    local most = disk.is_bound and "up to " or ""
    local who, many = table.concat(disk.names, " and "), #disk.names > 1
    local has = ("%s %s"):format(who, many and "have (on one disk)" or "has")
    local text
    if disk.inodes_free and inodes > disk.inodes_free then
        text = ("%s no room for so many files: %s%s to make, %s free"):format(has, most, size.count(inodes),
            size.count(disk.inodes_free))
    else
        text = ("%s no room: %s%s needed in all, %s free"):format(has, most, size.size(size.whole(bytes)),
            size.size(disk.bytes_free))
    end
    chosen = with_work(chosen)
    if #chosen == 0 then
        return text .. (in_part and "; none of them fits as a whole" or "; none of it fits")
    end
    return ("%s; what fits, in order: %s (%s); what does not: %s (%s)"):format(text, named(chosen, many),
        amount(chosen), named(left, many), amount(left))
end

-- ---- what is asked for ----

local function key_of(row)
    return row.project .. "\0" .. row.category
end

local function by_key(replicas)
    local map = {}
    for _, replica in ipairs(replicas) do
        map[key_of(replica)] = replica
    end
    return map
end

-- The filesystem that a category of a database lies on, or is going to be made on.
local function filesystem_of(target, category_path)
    local path = locate.join(target.path, category_path)
    local stat = fs.stat(path)
    while not stat and #path > #target.path do
        path = path:match("^(.*)/[^/]*$")
        stat = fs.stat(path)
    end
    return stat, path
end

local function new_disk(path)
    local free = errors.check(fs.statvfs(path))
    return {wants = {}, names = {}, named = {}, bytes_free = free.bytes_total > 0 and free.bytes_free or nil,
        inodes_free = free.inodes_total > 0 and free.inodes_free or nil}
end

local function add_want(disk, want)
    table.insert(disk.wants, want)
    if not disk.named[want.target.database] then
        disk.named[want.target.database] = true
        table.insert(disk.names, want.target.database)
    end
end

-- What it takes at most, by the catalog alone, which has just been read: all of the source, or nothing where both
-- are the same.
local function bound(origin, there)
    if there and there.fingerprint == origin.fingerprint and there.errors == 0 and origin.errors == 0 then
        return 0, 0
    end
    return origin.bytes, origin.files + origin.directories
end

-- All that is to be done, by disk, in its order.
local function survey(run, items)
    local catalog, disks, order, at = run.session.catalog, {}, {}, {}
    local filter = {project = run.request.project}
    local function known(database)
        filter.database = database.database
        return by_key(catalog:replicas(filter))
    end
    local origins, targets = known(run.from), {}
    for i, target in ipairs(run:targets_left()) do
        targets[i] = {database = target, replicas = known(target)}
    end
    local function disk_of(target, origin)
        local place = target.id .. "\0" .. origin.category_path
        if not at[place] then
            local stat, path = filesystem_of(target, origin.category_path)
            local device = stat and stat.dev or place
            disks[device] = disks[device] or new_disk(path)
            order[#order + 1] = not disks[device].listed and disks[device] or nil
            disks[device].listed, at[place] = true, disks[device]
        end
        return at[place]
    end
    for _, item in ipairs(items) do
        local origin = origins[key_of(item)]
        for _, target in ipairs(origin and targets or {}) do
            if apart.has_disk(run, item, target.database) then
                local bytes, inodes = bound(origin, target.replicas[key_of(item)])
                add_want(disk_of(target.database, origin), {item = item, target = target.database,
                    origin = origin, bytes = bytes, inodes = inodes, is_bound = bytes > 0 or inodes > 0})
            end
        end
    end
    return order
end

-- ---- exactly ----

-- What one transfer takes, as the engine plans it.
local function planned(run, want, room)
    local fan <close> = core_copy.fan{streams = 1}
    local found, plan
    local job = run:start(want.item, want.origin, want.target, "", fan, true, true, room)
    local final, interruption = jobs.drive(job, function(event)
        found = event.type == "room" and event or found
        plan = event.type == "plan" and event or plan
    end)
    if interruption then
        errors.raise_told(interruption)
    end
    return found, plan, final
end

local function measure(run, want)
    local tries = 0
    local found, plan, final
    repeat
        found, plan, final = planned(run, want)
        tries = tries + 1
    until not renewal.is_due(final and final.code, tries)
    if found and final and final.type == "done" then
        want.bytes, want.inodes = found.bytes, found.inodes
        want.files = plan.files_new + plan.files_changed
    end
    want.is_bound = nil
end

-- Plan those first that may save most, and stop when all fits, or when what is left cannot save enough any more.
local function plan_exactly(run, disk)
    local open = {}
    for _, want in ipairs(disk.wants) do
        open[#open + 1] = want.is_bound and want or nil
    end
    table.sort(open, function(a, b) return a.bytes + a.inodes * 4096.0 > b.bytes + b.inodes * 4096.0 end)
    local bytes, inodes = sum(disk.wants)
    local left_bytes, left_inodes = sum(open)
    local line = run.board:line("look whether it fits")
    for i, want in ipairs(open) do
        local is_hopeless = i > EXACT and not fits(disk, bytes - left_bytes, inodes - left_inodes)
        if fits(disk, bytes, inodes) or is_hopeless then
            break
        end
        left_bytes, left_inodes = left_bytes - want.bytes, left_inodes - want.inodes
        bytes, inodes = bytes - want.bytes, inodes - want.inodes
        measure(run, want)
        bytes, inodes = bytes + want.bytes, inodes + want.inodes
        line:show{files = i, files_total = #open}
    end
    line:remove()
    for _, want in ipairs(disk.wants) do
        disk.is_bound = disk.is_bound or want.is_bound
    end
end

--- What a transfer is found by among all of a run.
-- @param item row with project and category, @param target with database
-- @return text
function M.key(item, target)
    return key_of(item) .. "\0" .. target.database
end

-- Of what does not fit as a whole: as many of its files as go into what the others leave, one after the other.
-- Returns those of which none does, and those of which some do; each has its `room` then (bytes).
local function in_part(run, disk, chosen, left)
    local bytes, none, some = sum(chosen), {}, {}
    local room = math.floor((disk.bytes_free or 0) - bytes)
    for _, want in ipairs(left) do
        local found = room > 0 and planned(run, want, room)
        if found and found.bytes > 0 then
            some[#some + 1], want.room, room = want, room, room - found.bytes
        else
            none[#none + 1] = want
        end
    end
    return none, some
end

-- What is not to be done on a disk without room for all, and the sentence that says so.
local function settle(run, disk)
    if run.request.what_fits then
        local chosen, left = M.choose(disk)
        local some
        if disk.bytes_free and not M.lacks_inodes(disk) then
            left, some = in_part(run, disk, chosen, left)
        end
        local text = M.sentence(disk, some and #some > 0)
        return left, some and #some > 0 and ("%s; in part, the smallest files first: %s"):format(text,
            named(some, #disk.names > 1)) or text
    end
    return with_work(disk.wants), ("%s; nothing %s begun there (--what-fits copies what fits)"):format(
        M.sentence(disk), run.request.dry_run and "would be" or "was")
end

--- Check the whole of a copy against the room there is, before it begins.
-- @param run of transfer.lua: session, request (what_fits, dry_run), from, board; targets_left, start, problem,
--        worsen
-- @param items its transfers, in order; both sides were just read
-- @return {parts = list for total.lua of what is to be done, closing = list of sentences,
--         refused = function(item, target) -> whether it is not to be done, or in a dry run would not be,
--         room_of = function(item, target) -> bytes that its files may take, nil: all that is free,
--         files_of = function(item, target) -> files that a refused one would write; nil where it was not planned}
function M.check(run, items)
    local result, refused, rooms = {parts = {}, closing = {}}, {}, {}
    for _, disk in ipairs(survey(run, items)) do
        if not M.has_room(disk) then
            plan_exactly(run, disk)
        end
        -- Of a single one the engine chooses the files that fit, and names the others.
        if not M.has_room(disk) and (#with_work(disk.wants) > 1 or M.lacks_inodes(disk)) then
            local left, text = settle(run, disk)
            for _, want in ipairs(left) do
                refused[M.key(want.item, want.target)] = want
            end
            local target = disk.wants[1].target
            table.insert(result.closing, text)
            run:problem(target.path, "ENOSPC", text, {database = target.database, room = true})
            run:worsen(#left > 0 and statuses.FAILED or statuses.PARTIAL)
        end
        for _, want in ipairs(disk.wants) do
            local key = M.key(want.item, want.target)
            rooms[key] = want.room
            result.parts[#result.parts + 1] = not refused[key] and {key = key, bytes = want.bytes,
                is_guess = want.is_bound} or nil
        end
    end
    function result.refused(item, target)
        return refused[M.key(item, target)] ~= nil
    end
    function result.room_of(item, target)
        return rooms[M.key(item, target)]
    end
    function result.files_of(item, target)
        local want = refused[M.key(item, target)]
        return want and want.files
    end
    return result
end

--- Those of the destinations that have room for a transfer; what is not begun for want of it has its row too.
-- @param run with `room` of M.check, @param item, origin what is copied, @param targets catalog rows
-- @return list of targets
function M.with_room(run, item, origin, targets)
    local list = {}
    for _, target in ipairs(targets) do
        if run.request.dry_run or not run.room.refused(item, target) then
            list[#list + 1] = target
        else
            local row = run:row(item, target, nil, {type = "failed", code = "ENOSPC"})
            row.failed = run.room.files_of(item, target) or origin.files
            table.insert(run.result, row)
        end
    end
    return list
end

return M
