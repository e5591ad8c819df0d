--- What a verification decides. Pure: tables in, words and numbers out.
local statuses = require "autobackup.status"

local M = {}

--- Share a limit of bytes among replicas, the oldest files first whatever replica they are of.
-- @param ages list, for each replica, of lists of {minute=, files=, bytes=}: what is due in it
-- @param max_bytes the limit
-- @return list of bytes for each replica; those of which nothing is to be read get 0
function M.share(ages, max_bytes)
    local all, shares = {}, {}
    for i, list in ipairs(ages) do
        shares[i] = 0
        for _, age in ipairs(list) do
            all[#all + 1] = {replica = i, minute = age.minute, bytes = math.max(age.bytes, 1)}
        end
    end
    table.sort(all, function(a, b)
        if a.minute ~= b.minute then
            return a.minute < b.minute
        end
        return a.replica < b.replica
    end)
    local left = max_bytes
    for _, age in ipairs(all) do
        local part = math.min(age.bytes, left)
        shares[age.replica], left = shares[age.replica] + part, left - part
    end
    return shares
end

--- What a file that is not as it should be is called in a problem.
M.codes = {damaged = "EDAMAGED", renewed = "ERENEWED", changed = "ECHANGED", missing = "EMISSING"}

local function damage_text(file, day)
    if file.errno then
        return "damaged: its content cannot be read any more (" .. file.errno .. ")"
    elseif file.known then
        return "damaged, found on " .. day
    elseif file.certain then
        return "damaged: its content changed, its size and times did not"
    end
    return "damaged: its content changed, its size and time did not ('accept' takes it as it is, if a program did "
        .. "that on purpose)"
end

local function renewed_text(file, day)
    local former = #file.good_on > 0 and "; the former one is on " .. table.concat(file.good_on, ", ") or ""
    return ("written on %s with its time put back: what was read is its content from now on%s"):format(day, former)
end

local function advice(file)
    if #file.good_on == 0 then
        return "no other disk is known to have its content"
    end
    return "good on " .. table.concat(file.good_on, ", ")
end

--- The names in a text with ", " between them.
function M.names_in(text)
    local names = {}
    for name in (text or ""):gmatch("[^,]+") do
        names[#names + 1] = name:match("^ *(.*)$")
    end
    return names
end

--- The names for which a test does not hold.
-- @param names list or nil, @param is_bad function(name)
-- @return list
function M.still_good(names, is_bad)
    local list = {}
    for _, name in ipairs(names or {}) do
        if not is_bad(name) then
            list[#list + 1] = name
        end
    end
    return list
end

--- The sentence about a file that is not as it should be.
-- @param file row of a problem: state; of a damaged one errno, known, certain and good_on (list); else message
-- @param day when damage was found, or a renewed one was written, as text
-- @return text
function M.describe(file, day)
    if file.state == "damaged" then
        return damage_text(file, day) .. "; " .. advice(file)
    elseif file.state == "renewed" then
        return renewed_text(file, day)
    elseif file.state == "changed" then
        return "changed since it was loaded: not compared; load, and verify again"
    elseif file.state == "missing" then
        return "gone since it was loaded"
    end
    return file.message
end

--- The exit status that a row makes by itself.
-- @param row of type "verify"
function M.status(row)
    if row.files_damaged > 0 or row.files_differing > 0 then
        return statuses.DAMAGED
    elseif row.files_unread > 0 or row.files_renewed > 0 or row.files_changed > 0 or row.files_missing > 0 then
        return statuses.PARTIAL
    end
    return statuses.DONE
end

--- The databases whose content of a file is not that of one of them.
-- @param pairs_list list of {a, b}: names of databases whose contents differ, @param name one of them
-- @return list of names
function M.against(pairs_list, name)
    local others = {}
    for _, pair in ipairs(pairs_list) do
        if pair[1] == name or pair[2] == name then
            others[#others + 1] = pair[1] == name and pair[2] or pair[1]
        end
    end
    return others
end

--- Which of the databases that disagree about a file stands alone against at least two that agree.
-- @param pairs_list as above, @param count how many databases were compared
-- @return name, or nil when that cannot be told
function M.suspect(pairs_list, count)
    if count < 3 or #pairs_list ~= count - 1 then
        return nil
    end
    for _, name in ipairs(pairs_list[1]) do
        if #M.against(pairs_list, name) == count - 1 then
            return name
        end
    end
end

return M
