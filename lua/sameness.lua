--- Which replicas hold the same, as far as their fingerprints cannot tell: what their digests say against it, and
-- what coarse file times leave open. It takes going through the files, as `compare` does, so the answers are kept
-- in the catalog, and count while neither replica's fingerprint nor evidence (src/index/evidence.h) has changed.
local core_compare = require "core.compare"
local lazy = require "autobackup.lazy"
local decisions = lazy "autobackup.compare"
local errors = require "autobackup.errors"
local soundness = require "autobackup.soundness"

local M = {}

local NOTHING = ("00"):rep(16)
local MANY = 40    -- answers that are read one by one

local function print_of(replica)
    return replica.fingerprint .. replica.evidence
end

-- Of the rules by which files are judged (src/index/pair.c): what older ones answered does not count.
local RULES = "2|"

-- What both disks' filesystems make of times: an answer counts while that is so.
local function times_of(a, b)
    return RULES .. (a.times or "") .. "|" .. (b.times or "")
end

local function is_whole(replica)
    return replica.errors == 0 and (replica.damaged or 0) == 0
end

-- Of the digests of a catalog of an older version ("") it is not known what they say.
local function has_evidence(replica)
    return replica.evidence ~= NOTHING
end

local function agree(a, b)
    return not has_evidence(a) or not has_evidence(b) or a.evidence ~= "" and a.evidence == b.evidence
end

--- Do the catalog's rows say of two replicas that they are the same, without going through their files? Whole ones of
-- one fingerprint, none of whose digests says anything against it.
-- @param a, b catalog rows of replicas
-- @return whether; false is no answer
function M.is_plainly_same(a, b)
    return is_whole(a) and is_whole(b) and a.files == b.files and a.bytes == b.bytes
        and a.fingerprint == b.fingerprint and (a.open or 0) + (b.open or 0) == 0 and agree(a, b)
end

-- Do the fingerprints leave open whether two replicas are the same, or which of them is the later state?
local function is_open(a, b)
    if M.is_plainly_same(a, b) or not (is_whole(a) and is_whole(b)) then
        return false
    elseif a.files ~= b.files or a.bytes ~= b.bytes then
        return a.newest == b.newest
    end    -- fingerprints hold times that say nothing: of symlinks, coarse ones, of files that digests prove to be the same
    return true
end

-- All pairs of one category of one project that are open. The rows come sorted.
local function open_pairs(replicas)
    local list, first = {}, 1
    for i, b in ipairs(replicas) do
        if b.project ~= replicas[first].project or b.category ~= replicas[first].category then
            first = i
        end
        for at = first, i - 1 do
            local a = replicas[at]
            if is_open(a, b) then
                list[#list + 1] = a.id < b.id and {a, b} or {b, a}
            end
        end
    end
    return list
end

local function set(a, b, answer)
    a.against, b.against = a.against or {}, b.against or {}
    a.against[b.id], b.against[a.id] = answer, answer
    answer.ahead = answer.leads and (answer.leads == "a" and a or b).id
end

local function counts(row, a, b)
    return row and row.a_print == print_of(a) and row.b_print == print_of(b)
        and row.times == times_of(a, b)
end

-- Those whose answers are not known.
local function take_known(catalog, pairs_list)
    local left = {}
    local known = #pairs_list > MANY and catalog:judgements() or nil
    for _, pair in ipairs(pairs_list) do
        local a, b = pair[1], pair[2]
        local row = known and (known[a.id] or {})[b.id] or not known and catalog:judgement(a.id, b.id) or nil
        if counts(row, a, b) then
            set(a, b, {state = row.state, content = row.content, doubtful = row.doubtful, leads = row.leads})
        else
            left[#left + 1] = pair
        end
    end
    return left
end

local STATES = {same = "same", differs = "differs", absent = "differs", incomplete = "unknown"}

local function amount(sum, directories)
    return sum.files + sum.others + directories
end

-- Whether one of two has all that the other has, or a later state of it.
local function leading(found)
    local left, right = amount(found.only_left, found.directories_left), amount(found.only_right,
        found.directories_right)
    local different = amount(found.different, 0)
    if amount(found.doubt, 0) + amount(found.unread, 0) > 0 or left + right + different == 0 then
        return nil
    elseif right == 0 and different == found.newer_left then
        return "a"
    end
    return left == 0 and different == found.newer_right and "b" or nil
end

local function walk(comparer, a, b)
    errors.check(comparer:start{left = a.id, right = b.id})
    while errors.check(comparer:next()) do end    -- luacheck: ignore
    return comparer:counts()
end

local function judge(comparer, a, b)
    local found, corrupt = soundness.guarded(walk, comparer, a, b)
    if corrupt then
        return {state = "unknown", content = 0, doubtful = 0, corrupt = corrupt.message}
    end
    return {state = STATES[decisions.state(found)], content = found.content, doubtful = found.doubt.files,
        leads = leading(found)}
end

local function remember(catalog, pairs_list)
    local list = {}
    for _, pair in ipairs(pairs_list) do
        local a, b = pair[1], pair[2]
        local answer = a.against[b.id]
        list[#list + 1] = not answer.corrupt and {a = a.id, b = b.id, a_print = print_of(a), b_print = print_of(b),
            times = times_of(a, b), state = answer.state, content = answer.content,
            doubtful = answer.doubtful, leads = answer.leads} or nil
    end
    -- A catalog that is busy or cannot be written only costs the same work again.
    local ok, err = pcall(catalog.keep_judgements, catalog, list)
    if not ok and (errors.is_interrupt(err) or not errors.is(err)) then
        error(err, 0)
    end
end

--- Say of replicas what their digests say.
-- @param catalog of the session
-- @param replicas its rows, sorted by project and category as it gives them
-- @return the same rows. `against` of one: table from the id of another replica of the same category and project
--         to {state = "same", "differs" or "unknown", content = files that only their digests tell apart, doubtful
--         = files that have to be read to know, ahead = id of the one that has all that the other has, or a later
--         state of it, if one has, corrupt = what is damaged in the catalog, or nil}. What is not in it the
--         fingerprints and counts tell.
function M.attach(catalog, replicas)
    local open = open_pairs(replicas)
    local left = #open > 0 and take_known(catalog, open) or open
    if #left > 0 then
        local comparer <close> = errors.check(core_compare.open(catalog:path()))
        for _, pair in ipairs(left) do
            set(pair[1], pair[2], judge(comparer, pair[1], pair[2]))
        end
        remember(catalog, left)
    end
    return replicas
end

--- Replicas from the catalog with what their digests say.
-- @param catalog of the session, @param filter as for its replicas
-- @return rows as of its replicas, with `against` where there is something to say
function M.replicas(catalog, filter)
    return M.attach(catalog, catalog:replicas(filter))
end

return M
