--- Frame sequences: beauty.0001.exr ... beauty.1440.exr is one line, and its gaps are said.
local M = {}

local LEAST = 3    -- fewer numbered names than that are no sequence

-- The number that counts frames is the last one before the extension.
local function split(name)
    local stem, extension = name:match("^(.+)(%.[^./]*%a[^./]*)$")
    if not stem then
        stem, extension = name, ""
    end
    local prefix, digits = stem:match("^(.-)(%d+)$")
    if not digits or #digits > 15 then
        return nil
    end
    return prefix, digits, extension
end

local function is_padded(digits)
    return #digits > 1 and digits:byte() == 48
end

-- Numbers of one prefix and extension by width: padded ones by their width, plain ones in natural order (0).
local function widths_of(members)
    local widths = {}
    for _, member in ipairs(members) do
        if is_padded(member.digits) then
            widths[#member.digits] = true
        end
    end
    return widths
end

local function width_for(digits, widths)
    if widths[#digits] then
        return #digits
    elseif is_padded(digits) then
        return #digits
    end
    -- 10000 goes on after 9999 where four digits are the padding.
    local best = 0
    for width in pairs(widths) do
        if width < #digits and width > best then
            best = width
        end
    end
    return best
end

local function collect(names)
    local families, order, plain = {}, {}, {}
    for index, name in ipairs(names) do
        local prefix, digits, extension = split(name)
        if prefix then
            local key = prefix .. "\0" .. extension
            if not families[key] then
                families[key] = {prefix = prefix, extension = extension}
                order[#order + 1] = families[key]
            end
            table.insert(families[key], {digits = digits, name = name, index = index})
        else
            plain[#plain + 1] = {text = name, count = 1, index = index, members = {index}}
        end
    end
    return order, plain
end

local function runs_of(family)
    local widths, runs, order = widths_of(family), {}, {}
    for _, member in ipairs(family) do
        local width = width_for(member.digits, widths)
        if not runs[width] then
            runs[width] = {width = width, prefix = family.prefix, extension = family.extension}
            order[#order + 1] = runs[width]
        end
        member.number = math.tointeger(tonumber(member.digits, 10))
        table.insert(runs[width], member)
    end
    return order
end

local function span(width, first, last)
    local format = "%0" .. math.max(width, 1) .. "d"
    if first == last then
        return format:format(first)
    end
    return (format .. "-" .. format):format(first, last)
end

local function fold_run(run)
    table.sort(run, function(a, b) return a.number < b.number end)
    local gaps, missing, index, members = {}, 0, math.huge, {}
    for i, member in ipairs(run) do
        index, members[i] = math.min(index, member.index), member.index
        local expected = i > 1 and run[i - 1].number + 1 or member.number
        if member.number > expected then
            gaps[#gaps + 1] = span(run.width, expected, member.number - 1)
            missing = missing + member.number - expected
        end
    end
    local text = run.prefix .. span(run.width, run[1].number, run[#run].number) .. run.extension
    return {text = text, prefix = run.prefix, extension = run.extension, count = #run, gaps = gaps,
        pattern = run.prefix .. "*" .. run.extension, missing = missing, index = index, members = members}
end

--- Fold a list of names.
-- @param names a list of names or paths of one folder or several; no name twice
-- @return a list of {text=, count=, gaps={"0100-0104", ...}, missing=, members=}, in the order of each one's first
--         name; members are places in names; gaps, missing (how many frames), pattern ("beauty.*.exr"), prefix and
--         extension ("beauty.", ".exr") only where count is above 1
function M.fold(names)
    local families, folded = collect(names)
    for _, family in ipairs(families) do
        for _, run in ipairs(runs_of(family)) do
            if #run >= LEAST then
                folded[#folded + 1] = fold_run(run)
            else
                for _, member in ipairs(run) do
                    folded[#folded + 1] = {text = member.name, count = 1, index = member.index,
                        members = {member.index}}
                end
            end
        end
    end
    table.sort(folded, function(a, b) return a.index < b.index end)
    for _, entry in ipairs(folded) do
        entry.index = nil
    end
    return folded
end

--- What is said of a folded entry behind its text: " (1438 files, 2 missing: 0100, 0200)"; "" of a single file.
-- @param entry from fold
function M.about(entry)
    if entry.count == 1 then
        return ""
    end
    local gaps = M.gaps(entry)
    return (" (%d files%s)"):format(entry.count, gaps and ", " .. gaps or "")
end

--- What is missing in a folded entry: "2 missing: 0100, 0200"; nil when nothing is.
-- @param entry from fold, of more than one file
function M.gaps(entry)
    if entry.missing == 0 then
        return nil
    end
    local shown = table.concat(entry.gaps, ", ", 1, math.min(#entry.gaps, 4))
    return ("%d missing: %s%s"):format(entry.missing, shown, #entry.gaps > 4 and ", ..." or "")
end

--- A folded entry as a line: "beauty.0001-1440.exr (1438 files, 2 missing: 0100, 0200)".
-- @param entry from fold
-- @return text, not cleaned
function M.describe(entry)
    return entry.text .. M.about(entry)
end

return M
