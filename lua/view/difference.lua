--- The difference between two texts as a unified diff: what patch(1) takes. Lines may hold any bytes, and are not cleaned.

local M = {}

local CONTEXT = 3
local MOST = 500       -- lines taken away and put in that are searched for; the work grows with its square

-- Lines with their line feeds: a last line without one differs from the same with it.
local function lines_of(text)
    local lines = {}
    for line in text:gmatch("[^\n]*\n?") do
        if line ~= "" then
            lines[#lines + 1] = line
        end
    end
    return lines
end

local function same_ends(old, new)
    local head, tail, most = 0, 0, math.min(#old, #new)
    while head < most and old[head + 1] == new[head + 1] do
        head = head + 1
    end
    while tail < most - head and old[#old - tail] == new[#new - tail] do
        tail = tail + 1
    end
    return head, tail
end

-- The walk back through what each round of `search` began with: which lines of the old and new text are the same.
local function same_lines(rounds, diagonal, x, head)
    local same = {}
    for round = #rounds, 1, -1 do
        local reached = rounds[round]
        local down = diagonal == 1 - round
            or diagonal ~= round - 1 and reached[diagonal - 1] < reached[diagonal + 1]
        local before = down and diagonal + 1 or diagonal - 1
        local from = round == 1 and 0 or reached[before]
        local start = round == 1 and 0 or down and from or from + 1
        for i = x, start + 1, -1 do
            same[head + i] = head + i - diagonal
        end
        x, diagonal = from, before
    end
    return same
end

-- Myers' greedy search for the shortest script. Returns {[old line] = new line} of the middle, nil when it is long.
local function search(old, new, head, tail)
    local n, m = #old - head - tail, #new - head - tail
    local reached, rounds = {[1] = 0}, {}
    for d = 0, math.min(n + m, MOST) do
        rounds[d + 1] = table.move(reached, -d - 1, d + 1, -d - 1, {})
        for diagonal = -d, d, 2 do
            local x
            if diagonal == -d or diagonal ~= d and reached[diagonal - 1] < reached[diagonal + 1] then
                x = reached[diagonal + 1]
            else
                x = reached[diagonal - 1] + 1
            end
            while x < n and x - diagonal < m and old[head + x + 1] == new[head + x - diagonal + 1] do
                x = x + 1
            end
            reached[diagonal] = x
            if x >= n and x - diagonal >= m then
                return same_lines(rounds, diagonal, x, head)
            end
        end
    end
    return nil
end

-- Every line as {sign, line, old = lines of the old text before it, new = those of the new one}; in each stretch
-- that differs what is taken away comes first.
local function steps_of(old, new, same, head, tail)
    for i = 1, head do
        same[i] = i
    end
    for i = 1, tail do
        same[#old - tail + i] = #new - tail + i
    end
    same[#old + 1] = #new + 1
    local steps, at = {}, 1
    for i = 1, #old + 1 do
        for j = at, (same[i] or 0) - 1 do
            steps[#steps + 1] = {"+", new[j], old = i - 1, new = j - 1}
        end
        at = same[i] or at
        if i <= #old then
            steps[#steps + 1] = {same[i] and " " or "-", old[i], old = i - 1, new = at - 1}
        end
        at = same[i] and at + 1 or at
    end
    return steps
end

-- The first and last step of each hunk, its context included.
local function hunks_of(steps)
    local hunks = {}
    for i, step in ipairs(steps) do
        if step[1] ~= " " then
            local first, last = math.max(1, i - CONTEXT), math.min(#steps, i + CONTEXT)
            local hunk = hunks[#hunks]
            if hunk and first <= hunk.last + 1 then
                hunk.last = last
            else
                hunks[#hunks + 1] = {first = first, last = last}
            end
        end
    end
    return hunks
end

local function range(before, count)
    if count == 1 then
        return tostring(before + 1)
    end
    return ("%d,%d"):format(count == 0 and before or before + 1, count)
end

local function add_hunk(lines, steps, hunk)
    local old, new, head = 0, 0, #lines + 1
    lines[head] = ""
    for i = hunk.first, hunk.last do
        local sign, line = table.unpack(steps[i])
        old, new = old + (sign ~= "+" and 1 or 0), new + (sign ~= "-" and 1 or 0)
        lines[#lines + 1] = sign .. line:gsub("\n$", "")
        if line:sub(-1) ~= "\n" then
            lines[#lines + 1] = "\\ No newline at end of file"
        end
    end
    local first = steps[hunk.first]
    lines[head] = ("@@ -%s +%s @@"):format(range(first.old, old), range(first.new, new))
end

--- The hunks of a unified diff, without the two lines of names before them.
-- @param before the old text, any bytes
-- @param after the new one
-- @return list of lines ("@@ -1,3 +1,4 @@", then lines that begin with ' ', '-' or '+'), empty when the texts are the
-- same; and whether it is the shortest one: of texts that differ in very many lines, the whole stretch between the
-- first and the last difference is taken away and put in
function M.unified(before, after)
    local old, new = lines_of(before), lines_of(after)
    local head, tail = same_ends(old, new)
    local same = search(old, new, head, tail)
    local steps, lines = steps_of(old, new, same or {}, head, tail), {}
    for _, hunk in ipairs(hunks_of(steps)) do
        add_hunk(lines, steps, hunk)
    end
    return lines, same ~= nil
end

return M
