--- The flow of a verification: choose replicas on disks that are there, read them back side by side, compare what
-- is known now between the databases.
local core_compare = require "core.compare"
local core_sys = require "core.sys"
local core_verify = require "core.verify"
local apart = require "autobackup.apart"
local coverage = require "autobackup.coverage"
local decisions = require "autobackup.verify"
local disks = require "autobackup.disks"
local errors = require "autobackup.errors"
local glob = require "autobackup.glob"
local jobs = require "autobackup.jobs"
local knowledge = require "autobackup.knowledge"
local lists = require "autobackup.lists"
local locate = require "autobackup.locate"
local outcome = require "autobackup.outcome"
local plan = require "autobackup.plan"
local progress = require "autobackup.view.progress"
local rows = require "autobackup.rows"
local sameness = require "autobackup.sameness"
local nanoseconds = require "autobackup.view.nanoseconds"
local size = require "autobackup.view.size"
local states = require "autobackup.states"
local statuses = require "autobackup.status"

local M = {}

local Run = outcome.class()

local function new_run(session, request)
    local board = progress.board(session)
    return outcome.new(Run, {session = session, request = request, states = {}, rows = {}, moved = {},
        board = board,
        live = board:line("verify")})
end

-- ---- what to verify ----

local function as_rows(names)
    local list = {}
    for i, name in ipairs(names) do
        list[i] = {database = name}
    end
    return list
end

local function refuse_nothing(request, replicas)
    local what = request.category and request.category .. " of " .. request.project or tostring(request.project)
    local who = "no database has"
    if #request.databases > 0 then
        who = plan.places(as_rows(request.databases)) .. (#request.databases == 1 and " has no" or " have no")
    end
    local where = plan.places(replicas)
    errors.raise("ENONAME", ("%s %s%s"):format(who, what, where ~= "" and "; it is on " .. where or ""))
end

local function set_of(list)
    local set = {}
    for _, name in ipairs(list) do
        set[name] = true
    end
    return set
end

-- Offline is a failure only of a database that was named.
function Run:skip_offline(database, message, code)
    if set_of(self.request.databases)[database.database] then
        self:problem(database.path, code, message, {database = database.database})
        self:worsen(statuses.UNAVAILABLE)
    else
        self:note(message .. "; it was not verified")
    end
end

-- The replicas that were asked for, and of them those whose disk is there.
function Run:choose()
    local request, catalog = self.request, self.session.catalog
    local all = catalog:replicas{project = request.project}
    local named, is_online, said, asked = set_of(request.databases), apart.prober(catalog, true), {}, 0
    self.all, self.replicas = {}, {}
    for _, replica in ipairs(all) do
        if lists.covers(request.category, replica.category) then
            table.insert(self.all, replica)
            if #request.databases == 0 or named[replica.database] then
                asked = asked + 1
                local database = catalog:database(replica.database_id)
                local ok, message, code = is_online(database, {id = replica.category_id,
                    path = replica.category_path})
                if ok then
                    replica.identity = database.identity
                    table.insert(self.replicas, replica)
                elseif not said[message] then
                    said[message] = {database, message, code}
                    self:skip_offline(database, message, code)
                end
            end
        end
    end
    if asked == 0 then
        refuse_nothing(request, #self.all > 0 and self.all or all)
    elseif #self.replicas == 0 then
        local _, first = next(said)
        errors.raise(first[3], first[2], {path = first[1].path})
    end
end

-- All replicas of the same category of the same project.
local function key_of(replica)
    return replica.category .. "\0" .. replica.project
end

function Run:group()
    self.groups = {}
    for _, replica in ipairs(self.all) do
        local key = key_of(replica)
        self.groups[key] = self.groups[key] or {}
        table.insert(self.groups[key], replica)
    end
end

function Run:peers_of(replica)
    local peers = {}
    for _, other in ipairs(self.groups[key_of(replica)]) do
        if other.id ~= replica.id then
            peers[#peers + 1] = {name = other.database, replica = other.id}
        end
    end
    return peers
end

-- How much of each replica is to be read.
function Run:survey()
    local ages, request = {}, self.request
    local total = 0
    for i, replica in ipairs(self.replicas) do
        ages[i] = errors.check(core_verify.ages(self.session.catalog:path(), replica.id, request.before))
        for _, age in ipairs(ages[i]) do
            total = size.add(total, age.bytes)
        end
    end
    self.total = request.max_bytes and math.min(total, request.max_bytes) or total
    for i, share in ipairs(request.max_bytes and decisions.share(ages, request.max_bytes) or {}) do
        self.replicas[i].share = share
    end
end

-- ---- reading ----

-- A category may be on a disk of its own.
local function place_on_disk(replica)
    return locate.join(replica.root, replica.category_path)
end

local function place_of(replica)
    return locate.replica("", replica.category_path, replica.client, replica.name)
end

function Run:start(replica)
    local request = self.request
    return errors.check(core_verify.start{
        catalog = self.session.catalog:path(), root = replica.root, identity = replica.identity,
        path = place_of(replica), replica = replica.id, peers = self:peers_of(replica), before = request.before,
        max_bytes = replica.share, cached = request.cached or false, known_again = request.repair or false,
        jobs = request.jobs,
    })
end

function Run:show_progress(replica, event)
    self.states[replica.id] = event
    local sum = {files = 0, bytes = 0, bytes_total = self.total, path = event.path}
    for _, state in pairs(self.states) do
        sum.files, sum.bytes = sum.files + state.files, size.add(sum.bytes, state.bytes)
    end
    self.live:show(sum)
end

local function day_of(seconds)
    return seconds and core_sys.format_time(nanoseconds.of(seconds), "local", "%Y-%m-%d")
end

local HAS_GOOD = {damaged = true, renewed = true}    -- states with another content than was known

function Run:add_file(replica, event)
    local good_on = decisions.names_in(event.good_on)
    local row = self:problem(locate.join(replica.root, event.path),
        decisions.codes[event.state] or event.code, event.message, {
            state = event.state, database = replica.database, project = replica.project,
            category = replica.category, inside = event.path:sub(#place_of(replica) + 2), size = event.size,
            certain = event.certain,
            good_on = HAS_GOOD[event.state] and good_on or nil, known = event.known or nil,
            errno = event.state == "damaged" and event.code or nil,
            found_at = event.found_at, written_at = event.written_at,
        })
    row.message = decisions.describe(row, day_of(event.found_at or event.written_at))
    if event.state == "changed" or event.state == "missing" then
        self.moved[replica.id] = self.moved[replica.id] or {}
        self.moved[replica.id][row.inside] = true
    end
end

-- What was taken for good when a file was found damaged may have been read since, and found to be no such thing.
function Run:drop_bad_sources()
    local bad = {}
    for _, problem in ipairs(self.problems.rows) do
        bad[problem.path] = true
    end
    local tops = {}
    for _, replica in ipairs(self.all) do
        tops[key_of(replica) .. "\0" .. replica.database] = locate.join(replica.root, place_of(replica))
    end
    for _, problem in ipairs(self.problems.rows) do
        if problem.good_on then
            local function top(name)
                return tops[key_of(problem) .. "\0" .. name]
            end
            problem.good_on = decisions.still_good(problem.good_on, function(name)
                return bad[top(name) .. problem.path:sub(#top(problem.database) + 1)]
            end)
            problem.message = decisions.describe(problem, day_of(problem.found_at or problem.written_at))
        end
    end
end

local COUNTS = {"files_ok", "files_damaged", "files_renewed", "files_changed", "files_new", "files_missing",
    "files_unread", "files", "bytes", "files_left", "bytes_left"}

function Run:add_row(replica, event)
    local row = rows.row("verify", {project = replica.project, client = replica.client, name = replica.name,
        category = replica.category, database = replica.database, seconds = event.seconds,
        files_differing = 0, files_repaired = 0, cached = self.request.cached or nil})
    for _, key in ipairs(COUNTS) do
        row[key] = event[key] or 0
    end
    self.rows[replica.id] = row
    if event.code == "EMISSING" then
        self.moved[replica.id] = setmetatable({}, {__index = function() return true end})    -- all of it
    end
    if event.type == "failed" then
        local is_unread = event.code == "EUNREAD"
        row.files_unread = is_unread and replica.files or row.files_unread
        self.result.unread = is_unread or self.result.unread
        local path = is_unread and locate.join(replica.root, place_of(replica)) or replica.root
        self:problem(path, event.code, event.message, {database = replica.database})
        self:worsen(event.code == "EMISSING" and statuses.PARTIAL
            or errors.exit_status(errors.new(event.code, event.message)))
    end
end

-- live: the line of its disk, where several are read at a time; is_last: nothing more is read on that one.
function Run:work_of(replica, live, is_last)
    return {
        start = function()
            if live then
                live:rename(("verify %s %s on %s"):format(replica.project, replica.category, replica.database))
            end
            return self:start(replica)
        end,
        on_event = function(event)
            if live and event.type == "progress" then
                live:show(event)
            elseif live and is_last and (event.type == "done" or event.type == "failed") then
                live:remove()
            end
            if event.type == "progress" then
                self:show_progress(replica, event)
            elseif event.type == "file" then
                self:add_file(replica, event)
            elseif event.type == "done" or event.type == "failed" then
                self.states[replica.id] = event
                self:add_row(replica, event)
            end
        end,
    }
end

local function stopped_text(run)
    local files, bytes, damaged = 0, 0, 0
    for _, row in pairs(run.rows) do
        files, bytes, damaged = files + row.files, size.add(bytes, row.bytes), damaged + row.files_damaged
    end
    local found = damaged > 0 and (", %s damaged"):format(size.plural(damaged, "file")) or ""
    return ("verify stopped: %s read (%s)%s; that is kept, and --older goes on from there"):format(
        size.plural(files, "file"), size.size(bytes), found)
end

-- Read all, those on different disks side by side.
function Run:read()
    local lines = disks.lines(self.replicas, place_on_disk)
    if #lines > 1 then
        self.live:rename("all of it")
    end
    for _, line in ipairs(lines) do
        local live = #lines > 1 and self.board:line("verify") or nil
        for i, replica in ipairs(line) do
            line[i] = self:work_of(replica, live, i == #line)
        end
    end
    local interruption = jobs.drive_lines(lines)
    self.live:clear()
    if interruption then
        if errors.is_interrupt(interruption) then
            require("autobackup.view.problems").show(self.problems.rows, self.session.err, self.session.verbose)
            self.session:message(stopped_text(self))
        end
        errors.raise_told(interruption)
    end
end

-- ---- between databases ----

-- Add the files about which two replicas disagree, by path. What is another file by now, or gone, says nothing.
local function add_disagreements(comparer, a, b, found, moved)
    errors.check(comparer:start{left = a.id, right = b.id, list_rot = true})
    local item = errors.check(comparer:next())
    while item do
        if item ~= true and not (moved[a.id] or {})[item.path] and not (moved[b.id] or {})[item.path] then
            if not found[item.path] then
                found[item.path] = {}
                table.insert(found, item.path)
            end
            local rules = item.rules and (item.rules == "left" and a or b).database
            table.insert(found[item.path], {a.database, b.database, rules = rules, undated = item.undated})
        end
        item = errors.check(comparer:next())
    end
end

local function differing_text(others, is_undated)
    return ("its content is not that on %s, though %s"):format(plan.places(as_rows(others)), is_undated
        and "the size is the same, and no time tells which is newer" or "size and time are the same")
end

local function accepted_text(name)
    return ("its content is not that on %s, which was accepted as the right one: a copy from there replaces it")
        :format(name)
end

function Run:say_differing(replica, path, message, fields)
    fields.state, fields.database, fields.inside = "differs", replica.database, path
    fields.project, fields.category = replica.project, replica.category
    self:problem(locate.join(replica.root, place_of(replica), path), "EDIFFERS", message, fields)
end

-- Where somebody said which one is right the others are told. Those pairs of which that is not known.
function Run:say_accepted(by_name, read, path, pairs_list)
    local left = {}
    for _, pair in ipairs(pairs_list) do
        local name = pair.rules and (pair.rules == pair[1] and pair[2] or pair[1])
        if not name then
            left[#left + 1] = pair
        else
            self:say_differing(by_name[name], path, accepted_text(pair.rules),
                {others = {pair.rules}, accepted = pair.rules})
            local row = read[name] or read[pair.rules] or select(2, next(read))
            row.files_differing = row.files_differing + 1
        end
    end
    return left
end

-- Say a disagreement once, of the database that stands alone or else of the first that was read.
function Run:say_disagreement(group, path, pairs_list)
    local by_name, read = {}, {}
    for _, replica in ipairs(group) do
        by_name[replica.database], read[replica.database] = replica, self.rows[replica.id]
    end
    pairs_list = self:say_accepted(by_name, read, path, pairs_list)
    if #pairs_list == 0 then
        return
    end
    local first = pairs_list[1]
    local name = decisions.suspect(pairs_list, #group) or read[first[1]] and first[1] or first[2]
    local replica, others = by_name[name], decisions.against(pairs_list, name)
    self:say_differing(replica, path, differing_text(others, first.undated), {others = others})
    local row = read[name] or read[others[1]] or select(2, next(read))
    row.files_differing = row.files_differing + 1
end

function Run:compare_group(comparer, group)
    local found = {}
    for i, a in ipairs(group) do
        for j = i + 1, #group do
            add_disagreements(comparer, a, group[j], found, self.moved)
        end
    end
    for _, path in ipairs(found) do
        self:say_disagreement(group, path, found[path])
    end
end

function Run:compare()
    local comparer <close> = errors.check(core_compare.open(self.session.catalog:path()))
    local done = {}
    for _, replica in ipairs(self.replicas) do
        local key = key_of(replica)
        if not done[key] and #self.groups[key] > 1 then
            done[key] = true
            self:compare_group(comparer, self.groups[key])
        end
    end
end

-- All of its files have digests, taken just now or before.
local function is_read_whole(row, replica)
    return replica.errors == 0 and row.files_ok + row.files_new + row.files_renewed == replica.files
end

-- What the catalog remembers from now on, and all commands show: which of those that were read are the same.
function Run:mark_identical(replicas)
    local read = {}
    for _, replica in ipairs(replicas) do
        local row, key = self.rows[replica.id], key_of(replica)
        if row then
            read[key] = read[key] or {}
            table.insert(read[key], {row = row, replica = replica})
        end
    end
    for _, list in pairs(read) do
        local all = {}
        local is_same = #list > 1
        for i, one in ipairs(list) do
            all[i] = one.replica
            is_same = is_same and is_read_whole(one.row, one.replica)
        end
        local groups = states.groups(all)
        is_same = is_same and groups[1] and #groups[1] == #all
        for _, one in ipairs(is_same and list or {}) do
            one.row.identical = true
        end
    end
end

-- ---- all ----

function Run:close()
    self.live:clear()
end

Run.__close = Run.close

-- What the last reading could not read may be anything; a project that is named has the folder to blame told with its own.
function Run:say_unread()
    local request = self.request
    local texts = glob.is(request.project) and coverage.unread(self.session.catalog, {project = request.project,
        category = request.category, database = #request.databases > 0 and request.databases or nil}) or {}
    for _, text in ipairs(texts) do
        self:note(text)
        self:worsen(statuses.PARTIAL)
        self.result.unread = true
    end
end

function Run:add_rows()
    for _, replica in ipairs(self.replicas) do
        local row = self.rows[replica.id]
        if row then
            local now = self.session.catalog:replica(replica.database_id,
                self.session.catalog:category(replica.category).id, replica.client, replica.name)
            row.verified_at = now and knowledge.seconds(now.verified_at)
            row.damaged = now and now.damaged or 0
            self:worsen(decisions.status(row))
            table.insert(self.result, row)
        end
    end
end

--- Verify replicas.
-- @param session the session
-- @param request {project= (a name or a pattern), category=? (a name, or several), databases=list (empty: all),
--        older=seconds?, max_bytes=?, cached=, repair=, lock_wait=seconds?, jobs=?}
-- @return result: rows of type "verify", one for each replica; problems (state = "damaged", "renewed", "differs", "changed",
--         "missing" or "unread"), notes, status. Raises what keeps it from starting, and an interruption.
function M.run(session, request)
    local run <close> = new_run(session, request)
    -- Times are kept in seconds: what was verified just so long ago is due.
    request.before = request.older and core_sys.now() // 1000000000 - math.floor(request.older) + 1 or nil
    run:choose()
    run:group()
    run:survey()
    run:read()
    run:drop_bad_sources()
    run:compare()
    run:mark_identical(sameness.replicas(session.catalog, {project = request.project}))
    if request.repair then
        require("autobackup.repair").run(run)
    end
    run:add_rows()
    run:say_unread()
    return run:finish()
end

return M
