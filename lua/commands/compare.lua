--- compare: two or more databases side by side, from the catalog.
local core_compare = require "core.compare"
local anew = require "autobackup.anew"
local apart = require "autobackup.apart"
local coverage = require "autobackup.coverage"
local decisions = require "autobackup.compare"
local errors = require "autobackup.errors"
local freshness = require "autobackup.freshness"
local glob = require "autobackup.glob"
local jobs = require "autobackup.jobs"
local knowledge = require "autobackup.knowledge"
local lists = require "autobackup.lists"
local locate = require "autobackup.locate"
local lookalike = require "autobackup.lookalike"
local plan = require "autobackup.plan"
local rows = require "autobackup.rows"
local size = require "autobackup.view.size"
local soundness = require "autobackup.soundness"
local statuses = require "autobackup.status"
local traits = require "autobackup.traits"
local typed = require "autobackup.view.typed"

local ALIKE = 100000    -- names that only one side has, among which those that are alike are looked for

local function check_named(names)
    local seen = {}
    for _, name in ipairs(names) do
        if seen[name] then
            errors.usage("compare: %s is named twice", name)
        end
        seen[name] = true
    end
end

local function by_name(session)
    local map, names = {}, {}
    for i, database in ipairs(session.catalog:databases()) do
        map[database.database], names[i] = database, database.database
    end
    return map, names
end

local function categories_by_name(session)
    local map = {}
    for _, category in ipairs(session.catalog:categories()) do
        map[category.category] = category
    end
    return map
end

local function refuse_nothing(args, category, replicas)
    local what = ("%s of %s"):format(category or "replica", args.project)
    local where = {}
    for _, replica in ipairs(replicas) do
        if lists.covers(category, replica.category) then
            where[#where + 1] = replica
        end
    end
    local named = {}
    for i, name in ipairs(args.databases) do
        named[i] = {database = name}
    end
    local who = #named == 0 and "no database has"
        or plan.places(named) .. (#named == 1 and " has no" or " have no")
    local hint = #where > 0 and "; it is on " .. plan.places(where) or ""
    errors.raise("ENONAME", ("%s %s%s"):format(who, what, hint))
end

local function pairs_of(args, session, names)
    local category = args.category ~= "all" and args.category or nil
    local replicas = session.catalog:replicas{project = args.project}
    local list = decisions.pairs(replicas, names, args.databases, category)
    if #list == 0 then
        refuse_nothing(args, category, replicas)
    end
    return list
end

-- One comparison of the command: its rows and problems grow pair by pair.
local Comparison = {}
Comparison.__index = Comparison

function Comparison:add_problem(key, path, code, message)
    if not self.said[key] then
        self.said[key] = true
        table.insert(self.result.problems, rows.row("problem", {path = path, code = code, message = message}))
    end
end

local function path_of(replica)
    return locate.replica(replica.root, replica.category_path, replica.client, replica.name)
end

function Comparison:say_unread(replica)
    if replica and replica.errors > 0 then
        local path, count = path_of(replica), size.plural(replica.errors, "entry", "entries")
        self:add_problem(replica.id, path, "EINCOMPLETE",
            ("%s: %s could not be read; load %s again"):format(path, count, replica.database))
    end
end

-- What settles which files are the same, and whether that is told already.
function Comparison:advice(pair)
    if not self.anew then
        return ("type: %s --read"):format(typed.line("compare", pair.project, pair.category, pair.reference,
            pair.database))
    end
    return self.anew:advice(pair)
end

-- Why a pair that nothing tells apart is not called the same.
function Comparison:say_incomplete(pair, counts)
    self:say_unread(pair.left)
    self:say_unread(pair.right)
    local count, advice, is_told = counts.doubt.files, self:advice(pair)
    if count > 0 then
        local path = path_of(pair.right)
        self:add_problem(pair, path, "EDOUBT", ("%s: whether %s here and on %s %s the same only reading tells%s; "
            .. "%s"):format(path, size.plural(count, "file"), pair.left.database, count == 1 and "is" or "are",
            traits.unknown(pair.left, pair.right), advice))
    elseif self.anew and self.anew:is_open(pair) then
        local path = path_of(pair.right)
        if not is_told then
            self:add_problem(pair, path, "EDOUBT", ("%s: not all of it was read; %s"):format(path, advice))
        end
    elseif counts.errors_left + counts.errors_right == 0 and pair.left then
        local path = path_of(pair.left)
        self:add_problem(pair.left.id, path, "EXDEV", path .. ": a mount point inside is not entered")
    end
end

-- A database that was not read for the category may have anything there.
function Comparison:is_unknown(pair)
    local name = not pair.right and pair.database or not pair.left and pair.reference
    local database = name and self.databases[name]
    local category = self.categories[pair.category]
    local why = database and self.covered:gap(database.id, category.id, pair.client, pair.name)
    if not why then
        return false
    end
    self:add_problem(name .. pair.category, database.path, "ENOTLOADED", ("%s: %s; type: load %s"):format(
        database.path, coverage.reason{why = why, database = name, category = pair.category}, name))
    return true
end

local NOTHING = {files = 0, bytes = 0, others = 0}
local ALL_READ = {all = false, paths = {}}    -- as of anew.lua

-- Of nothing that one side has can be said that the other lacks it.
local function make_unread(counts)
    local only = counts.found_left and "only_left" or "only_right"
    counts.unread, counts[only] = counts[only], NOTHING
    counts.directories_left, counts.directories_right = 0, 0
end

function Comparison:state_of(pair, counts, unknown)
    if unknown then
        return "incomplete"
    elseif not pair.database then
        self:say_unread(pair.left)
        return "only"
    end
    local state = decisions.state(counts)
    state = state == "same" and self.anew and self.anew:is_open(pair) and "incomplete" or state
    if state == "absent" then
        self:say_unread(pair.left or pair.right)
    elseif state == "incomplete" then
        self:say_incomplete(pair, counts)
    end
    return state
end

local function absent_of(pair, counts)
    return counts.found_left and pair.database or pair.reference
end

function Comparison:fill(row, pair, counts, unknown)
    row.state = self:state_of(pair, counts, unknown)
    row.absent = row.state == "absent" and absent_of(pair, counts) or nil
    row.files_same, row.bytes_same = counts.same.files, counts.same.bytes
    row.files_only_reference, row.bytes_only_reference = counts.only_left.files, counts.only_left.bytes
    row.files_only_database, row.bytes_only_database = counts.only_right.files, counts.only_right.bytes
    row.files_different, row.bytes_different = counts.different.files, counts.different.bytes
    row.newer_reference, row.newer_database = counts.newer_left, counts.newer_right
    row.other_time, row.regrouped = counts.other_time, counts.regrouped
    row.others_only_reference = counts.only_left.others + counts.directories_left
    row.others_only_database = counts.only_right.others + counts.directories_right
    row.others_different = counts.different.others
    row.unread = counts.unread.files + counts.unread.others
    row.files_doubtful, row.bytes_doubtful = counts.doubt.files, counts.doubt.bytes
    row.files_other_content = counts.content
    row.errors = counts.errors_left + counts.errors_right
end

local function entry_fields(row, entry, prefix)
    if entry then
        row[prefix .. "size"], row[prefix .. "mtime"] = entry.size, knowledge.seconds(entry.mtime)
    end
end

local function kind_of(item)
    local first, second = item.right or item.left, item.left
    return first.kind == "unknown" and second and second.kind or first.kind
end

function Comparison:add_difference(pair, item)
    local side = item.judgement == "left" and "left" or item.judgement == "right" and "right"
    local alike = side and self.files:see(item.path, side)
    if self.is_looking then
        return
    end
    local row = rows.row("difference", {
        alike = alike and {alike} or nil,
        status = decisions.sign(item.judgement), inside = item.path, database = pair.database,
        path = locate.join(path_of(item.right and pair.right or pair.left), item.path),
        project = pair.project, category = pair.category, reference = pair.reference, kind = kind_of(item),
        absent = not pair.left and pair.reference or not pair.right and pair.database or nil,
        why = decisions.reason(item.judgement) or item.right and item.right.error or item.left and item.left.error,
    })
    row.proved = (item.judgement == "proved" or item.judgement == "time" and row.kind == "file") or nil
    if item.judgement ~= "same" and item.newer then
        row.newer = item.newer == "left" and pair.reference or pair.database
    end
    entry_fields(row, item.right or item.left, "")
    entry_fields(row, item.right and item.left, "reference_")
    self.differences:add(row)
end

-- An item that may be listed; of what had to be read and was not the catalog alone says that it is the same.
function Comparison:take(pair, item, unread, without)
    local is_same = decisions.sign(item.judgement) == "="
    if is_same and kind_of(item) == "file" and (unread.all or unread.paths[item.path]) then
        without.files, without.bytes = without.files + 1, without.bytes + (item.left or item.right).size
        without.other_time = without.other_time + (item.judgement == "time" and 1 or 0)
        item.judgement, is_same = "doubt", false
    end
    if self.is_looking or (self:is_listed(pair) and (self.list_same or not is_same)) then
        self:add_difference(pair, item)
    end
end

-- unread: as of anew.lua.
function Comparison:walk(pair, list, unread)
    local comparer, without = self.comparer, {files = 0, bytes = 0, other_time = 0}
    local all = unread.all or next(unread.paths) ~= nil
    errors.check(comparer:start{
        left = pair.left and pair.left.id, right = pair.right and pair.right.id, window = self.window,
        list = list or all, list_same = all or list and self.list_same,
    })
    local item = errors.check(comparer:next())
    while item do
        if item ~= true then
            self:take(pair, item, unread, without)
        end
        item = errors.check(comparer:next())
    end
    return decisions.with_doubts(comparer:counts(), without)
end

-- A database is online for a comparison where one of the categories that are compared is.
function Comparison:take_part(name, online)
    self.taking[name] = online or self.taking[name] or false
end

function Comparison:new_row(pair)
    local reference, database = self.databases[pair.reference], self.databases[pair.database]
    local category = self.categories[pair.category]
    local is_reference_online = self.is_online(reference, category) == true
    local row = rows.row("compare", {
        project = pair.project, client = pair.client, name = pair.name, category = pair.category,
        reference = pair.reference, database = pair.database,
        reference_online = is_reference_online,
        reference_loaded_at = knowledge.seconds((pair.left or reference).loaded_at),
        files = pair.left and pair.left.files or 0, bytes = pair.left and pair.left.bytes or 0,
    })
    self:take_part(pair.reference, is_reference_online)
    if database then
        row.online = self.is_online(database, category) == true
        self:take_part(pair.database, row.online)
        row.loaded_at = knowledge.seconds((pair.right or database).loaded_at)
    end
    return row
end

-- Of a replica that one side lacks altogether, a list says no more than the row, and may be millions long.
function Comparison:is_listed(pair)
    return self.list_same or self.list and pair.left ~= nil and pair.right ~= nil
end

local function nothing_known(pair)
    local counts = {found_left = pair.left ~= nil, found_right = pair.right ~= nil}
    for _, key in ipairs{"newer_left", "newer_right", "other_time", "regrouped", "content", "errors_left",
        "errors_right", "directories_left", "directories_right"} do
        counts[key] = 0
    end
    for _, key in ipairs{"same", "only_left", "only_right", "different", "unread", "doubt"} do
        counts[key] = NOTHING
    end
    return counts
end

-- What is not listed is gone through for names that are alike, where each side has some that the other lacks.
function Comparison:look_for_alike(pair, counts)
    local left, right = counts.only_left.files, counts.only_right.files
    local may_be = left > 0 and right > 0 and left + right <= ALIKE
    if may_be and pair.left and pair.right and not self:is_listed(pair) then
        self.is_looking = true
        self:walk(pair, true, ALL_READ)
        self.is_looking = false
    end
end

-- What is known on one database alone may lie on another that was never read, or of which the last reading could not read it:
-- compared with that.
function Comparison:look_elsewhere(pair)
    local category = self.categories[pair.category]
    for _, name in ipairs(not pair.database and category and self.names or {}) do
        if name ~= pair.reference
            and self.covered:gap(self.databases[name].id, category.id, pair.client, pair.name) then
            pair.database = name
            return
        end
    end
end

function Comparison:compare(pair)
    self:look_elsewhere(pair)
    local row, unknown = self:new_row(pair), self:is_unknown(pair)
    self.files:start()
    local unread = self.anew and self.anew:unread_in(pair) or ALL_READ
    local counts, corrupt = soundness.guarded(self.walk, self, pair, self:is_listed(pair) and not unknown, unread)
    if corrupt then    -- what was seen before is not all
        self:add_problem(corrupt.message, path_of(pair.left or pair.right), corrupt.code, corrupt.message)
        counts, unknown = nothing_known(pair), true
    elseif unknown then
        make_unread(counts)
    else
        self:look_for_alike(pair, counts)
    end
    self:fill(row, pair, counts, unknown)
    self.result.status = statuses.worst(self.result.status, decisions.status(row.state))
    table.insert(self.result, row)
    table.insert(self.pairs, row)
    self:take_differences()
end

-- Each pair's row is followed by what differs, as far as that was kept.
function Comparison:take_differences()
    local kept = self.differences.rows
    table.move(kept, self.taken + 1, #kept, #self.result + 1, self.result)
    self.taken = #kept
end

-- What to say of the databases that take part, in their order.
function Comparison:ages(names, known)
    local list = {}
    for _, name in ipairs(names) do
        if self.taking[name] ~= nil then
            local database = self.databases[name]
            list[#list + 1] = {database = name, online = self.taking[name],
                partly = known[database.id] or false, loaded_at = knowledge.seconds(database.loaded_at)}
        end
    end
    return list
end

-- Of several projects those that the last reading could not read are missing here, not on the disks.
local function unread_of(args, session)
    return glob.is(args.project) and coverage.unread(session.catalog, {project = args.project,
        category = args.category ~= "all" and args.category or nil,
        database = #args.databases > 1 and args.databases or nil}) or {}
end

local function run(args, session, sink)
    check_named(args.databases)
    knowledge.require_setup(session)
    local reads = args.read or args.checksum
    local fresh, finals = freshness.read(session, reads and {fresh = true} or args, {project = args.project,
        category = args.category ~= "all" and args.category or nil}, args.databases)
    local databases, names = by_name(session)
    local list, categories = pairs_of(args, session, names), categories_by_name(session)
    local read
    if reads then
        read = anew.read(session, list, {alike = args.checksum, databases = databases, categories = categories,
            finals = finals})
        list = pairs_of(args, session, names)
    end
    local comparer <close> = errors.check(core_compare.open(session.catalog:path()))
    local comparison = setmetatable({
        comparer = comparer, databases = databases, covered = coverage.new(session.catalog),
        categories = categories, is_online = apart.prober(session.catalog), anew = read,
        said = {}, taking = {}, names = names,
        list = args.files or args.all or args.json or false, list_same = args.all,
        differences = jobs.collector("difference", sink), taken = 0, window = traits.window(args),
        files = lookalike.files(ALIKE),
        result = {problems = read and read.problems.rows or {}, status = fresh}, pairs = {},
    }, Comparison)
    for _, pair in ipairs(list) do
        comparison:compare(pair)
    end
    comparison.result.databases = comparison:ages(names, session.catalog:known())
    comparison.result.listed = comparison.list
    local unread = unread_of(args, session)
    local partial = #unread > 0 and statuses.PARTIAL or statuses.DONE
    comparison.result.status = statuses.worst(comparison.result.status, partial)
    local notes = {comparison.differences:omission(), read and read.problems:omission()}
    local alike = lookalike.projects(session.catalog, comparison.pairs, false)
    for _, texts in ipairs{comparison.files:notes(), alike, unread} do
        table.move(texts, 1, #texts, #notes + 1, notes)
    end
    comparison.result.notes = notes
    comparison.result.omitted = comparison.differences:omitted() > 0 and comparison.differences:omitted() or nil
    return comparison.result
end

return {
    name = "compare",
    startup = "looks",
    group = "look",
    summary = "compare the replicas of a project on two or more databases: what is the same, missing, newer",
    details = "From the catalog, so unplugged disks count too. The first database named is the reference that "
        .. "every other is compared with; when none is named, the one with the newest content of each category"
        .. " is. One named alone is compared with all others that have the project. Files of equal size and "
        .. "time are the same unless their digests differ or their inode or ctime moved since (to be read, ?); so "
        .. "are those of equal digests whatever their times. Times agree within what the coarser of the two "
        .. "filesystems can store. --files and --json "
        .. "put a sign before each file, as 'rclone check --combined' does with the reference as its source: +"
        .. " only in the reference, - only in the other database, * different, ! could not be read, ?"
        .. " has to be read to know, = the same"
        .. " (with --all). Their sizes and times are the other database's, the reference's where only that has"
        .. " it. With --read and --checksum both sides are looked at on their disks first; a file that has to be"
        .. " read and cannot be is named with the reason and ?, and with --checksum nothing is the same of a disk"
        .. " that is not plugged in."
        .. " Exit status 0: the same; 4: something differs; 3: nothing differs, but not all could be read.",
    examples = {"compare acme/spot-2031", "compare acme/spot-2031 render WORK NAS --files",
        "compare acme/* all NAS STORAGE"},
    args = {
        {"project", "project", help = "* and ? outside of quotes are wildcards"},
        {"category", "category", several = true, optional = true, help = "a category; all when left out"},
        {"databases", "database", many = true, optional = true,
            help = "the reference, then the others; all that have the project when left out"},
    },
    options = {
        fresh = freshness.option(),
        read = {help = "read the files of which size and time prove nothing"},
        checksum = {help = "read all files whose sizes agree, whatever their times"},
        files = {help = "list what differs, file by file"},
        ["modify-window"] = traits.window_option(),
        all = {help = "list also what is the same, and the files of a replica that one side lacks altogether"},
    },
    accepts = {
        replica = {project = "project", category = "category", database = "databases"},
        project = {project = "project"}, check = {project = "project", category = "category"},
        copy = {project = "project", category = "category"},
        compare = {project = "project", category = "category"},
    },
    run = run,
    flow = function(differences, out)
        require("autobackup.view.comparison").show_differences(differences, out)
    end,
    show = function(result, out, session)
        require("autobackup.view.comparison").show(result, out)
        require("autobackup.view.problems").show(result.problems, session.err, session.verbose)
    end,
}
