--- Copies that the catalog does not know of yet. The replicas that they changed are read again together, now and
-- then, and the digests taken on the way are recorded: one by one would cost more than small copies themselves.
local core_copy = require "core.copy"
local core_sys = require "core.sys"
local doubts = require "autobackup.doubts"
local errors = require "autobackup.errors"
local loading = require "autobackup.loading"

local M = {}

local MANY, LATE = 64, 10    -- copies, seconds: when it is time

local Settling = {}
Settling.__index = Settling

--- Make one.
-- @param session the session, @param from catalog row of the source database
-- @param only list of patterns that the copies are about, as of src/copy/only.h
-- @param try function(target, fn) -> whether fn() raised nothing; it tells what was: one destination's failure keeps
--        nothing from the others
-- @return the settling: add, flush
function M.new(session, from, only, try)
    return setmetatable({session = session, from = from, only = only, try = try, list = {}}, Settling)
end

--- Remember a copy, and settle all when it is time.
-- @param copy {target=catalog row, only={category=id, client=, project=}, operation=id, recorded=digests taken,
--        readback=whether it was read back, past=the source is not what lies there now}
function Settling:add(copy)
    self.since = self.since or core_sys.monotonic()
    table.insert(self.list, copy)
    if #self.list >= MANY or core_sys.monotonic() - self.since > LATE then
        self:flush()
    end
end

function Settling:replica(database, only)
    return self.session.catalog:replica(database.id, only.category, only.client, only.project)
end

local function id_of(replica)
    return replica and replica.id
end

function Settling:record(copy)
    if copy.recorded == 0 then
        return
    end
    errors.check(core_copy.record{
        catalog = self.session.catalog:path(), operation = copy.operation, target_root = copy.target.path,
        target_identity = copy.target.identity,
        source = not copy.past and id_of(self:replica(self.from, copy.only)) or 0,
        target = id_of(self:replica(copy.target, copy.only)), readback = copy.readback,
    })
end

-- A name that is given to a file, on either side, moves the ctime of its other names, too: those are known again when they
-- are read.
function Settling:read_moved(list)
    local pairs_list = {}
    for _, copy in ipairs(list) do
        local left = not copy.past and self:replica(self.from, copy.only)
        local right = left and self:replica(copy.target, copy.only)
        local is_open = right and (left.open > 0 or right.open > 0)
        pairs_list[#pairs_list + 1] = is_open and {left = left, right = right} or nil
    end
    doubts.read(self.session, pairs_list, {only = self.only})
end

local function by_target(list)
    local targets, order = {}, {}
    for _, copy in ipairs(list) do
        local id = copy.target.id
        if not targets[id] then
            targets[id] = {database = copy.target, copies = {}, only = {}}
            order[#order + 1] = targets[id]
        end
        table.insert(targets[id].copies, copy)
        table.insert(targets[id].only, copy.only)
    end
    return order
end

--- Read what was copied to each destination again, and record the digests.
function Settling:flush()
    local list, done = self.list, {}
    self.list, self.since = {}, nil
    for _, target in ipairs(by_target(list)) do
        self.try(target.database, function()
            loading.refresh(self.session, target.database, target.only, "read " .. target.database.database)
            for _, copy in ipairs(target.copies) do
                self:record(copy)
                done[#done + 1] = copy
            end
        end)
    end
    self:read_moved(done)
end

return M
