--- How the columns of a table (view/table.lua) get into the width of a terminal. Pure.
--
-- Steps, each only where those before were not enough: short forms; columns left out that nobody misses (`spare`) and
-- those that say the same in every row (`absent`); names of databases shortened so that they stay different, with a
-- legend; other texts shortened in the middle; columns left out (`drop`).
--
-- For this a column may have, beside what view/table.lua tells:
--   brief=fn(value,row): its text where room is short; spare=number: likewise left out, the highest first;
--   soft=columns: as `min`, but kept as long as something else can give way;
--   names=true: its values are names of databases, one or a list; or fn(value,row) -> names, nil: the text is no name;
--   name=a database's: it is what the title names, between `before` and `after` (texts, optional);
--   absent=fn(value): whether it says that there is nothing.
local clean = require "autobackup.view.clean"
local distinct = require "autobackup.view.distinct"

local M = {}

--- What stands between columns.
M.GAP = "  "

local LEAST = 8         -- columns that a shortened text keeps
local LEAST_NAME = 2    -- and a shortened name,
local GOOD_NAME = 4     -- which is better a little longer

-- ---- texts ----

local function names_in(column, value, row)
    local names = column.names
    if type(names) == "function" then
        names = names(value, row)
    elseif names then
        names = value
    end
    return type(names) == "string" and {names} or names
end

local function text_of(column, row, form)
    local value = row[column.key]
    local names = names_in(column, value, row)
    if names then
        local list = {}
        for i, name in ipairs(names) do
            list[i] = form.short and form.short[name] or clean.clean(name)
        end
        return table.concat(list, " ")
    end
    local format = form.is_brief and column.brief or column.format
    if format then
        value = format(value, row)
    end
    return value == nil and "" or clean.clean(tostring(value))
end

local function title_of(column, form)
    if not column.name then
        return clean.clean(column.title)
    end
    local name = form.short and form.short[column.name] or clean.clean(column.name)
    return clean.clean(column.before or "") .. name .. (column.after or "")
end

local function measured(column, rows, style, form, before)
    local item = {column = column, title = title_of(column, form), texts = {}}
    item.width = math.max(style.width_of(item.title), before or 0)
    for r, row in ipairs(rows) do
        item.texts[r] = text_of(column, row, form)
        item.width = math.max(item.width, style.width_of(item.texts[r]))
    end
    return item
end

--- The texts of columns.
-- @param columns, @param rows, @param style as of view/table.lua
-- @param before widths that columns have at least (optional)
-- @return list of {column=, title=, texts= one for each row, width=}
function M.measure(columns, rows, style, before)
    local list = {}
    for i, column in ipairs(columns) do
        list[i] = measured(column, rows, style, {}, before and before[i])
    end
    return list
end

--- The widths of a measured list, and what they come to with the gaps.
function M.widths(list)
    local widths = {}
    for i, item in ipairs(list) do
        widths[i] = item.width
    end
    return widths
end

function M.total(list)
    local sum = #M.GAP * (#list - 1)
    for _, item in ipairs(list) do
        sum = sum + item.width
    end
    return sum
end

-- ---- narrowing ----

local minima = {}

function minima.soft(column) return column.soft or column.min or LEAST end
function minima.hard(column) return column.min or LEAST end
function minima.none() return math.huge end

local function is_shrinkable(column)
    return column.align ~= "right" and not column.whole and not column.names and not column.name
end

local function widest(list, least_of)
    local best
    for _, item in ipairs(list) do
        if is_shrinkable(item.column) and item.width > least_of(item.column)
            and (not best or item.width > best.width) then
            best = item
        end
    end
    return best
end

local function copied(list)
    local copy = {}
    for i, item in ipairs(list) do
        copy[i] = {column = item.column, title = item.title, texts = item.texts, width = item.width}
    end
    return copy
end

-- The list narrowed to the width; nil when it cannot be.
local function narrowed(list, width, least_of)
    local copy = copied(list)
    local last = copy[#copy]
    local beyond = last.column.whole and math.max(last.width - (last.column.min or LEAST), 0) or 0
    local excess = M.total(copy) - beyond - width
    while excess > 0 do
        local item = widest(copy, least_of)
        if not item then
            return nil
        end
        item.width, excess = item.width - 1, excess - 1
    end
    return copy
end

-- The place of the column that can best be left out, nil when none can.
local function most_droppable(list, key)
    local best
    for i, item in ipairs(list) do
        local rank = item.column[key]
        if rank and (not best or rank > list[best].column[key]) then
            best = i
        end
    end
    return best
end

-- ---- names ----

-- All names that stand in a list: each once, in its order.
local function names_of(list, rows)
    local names, seen = {}, {}
    local function add(name)
        if not seen[name] then
            seen[name], names[#names + 1] = true, name
        end
    end
    for _, item in ipairs(list) do
        if item.column.name then
            add(item.column.name)
        end
        for _, row in ipairs(item.column.names and rows or {}) do
            for _, name in ipairs(names_in(item.column, row[item.column.key], row) or {}) do
                add(name)
            end
        end
    end
    return names
end

-- Names by what they are cut to; nil when two would be alike.
local function cut_to(names, width, style)
    local cleaned, short = {}, {}
    for i, name in ipairs(names) do
        cleaned[i] = clean.clean(name)
    end
    local cut, are_distinct = distinct.names(cleaned, width, style.width_of, style.ellipsis)
    for i, name in ipairs(names) do
        short[name] = cut[i]
    end
    return are_distinct and short or nil
end

local function with_names(list, rows, style, short)
    local renamed = {}
    for i, item in ipairs(list) do
        local column, form = item.column, {is_brief = true, short = short}
        renamed[i] = (column.name or column.names) and measured(column, rows, style, form) or item
    end
    return renamed
end

-- What all that was cut lost at its beginning; nil where it is not the same of all.
local function lost_beginning(pairs_list)
    local lost
    for _, pair in ipairs(pairs_list) do
        local beginning = pair.name:sub(1, -#pair.short - 1)
        if beginning .. pair.short ~= pair.name or lost and beginning ~= lost then
            return nil
        end
        lost = beginning
    end
    return lost
end

-- What shortened names mean, in parts that are not to be broken.
local function legend_of(names, short)
    local cut, parts = {}, {}
    for _, name in ipairs(names) do
        local cleaned = clean.clean(name)
        cut[#cut + 1] = short[name] ~= cleaned and {name = cleaned, short = short[name]} or nil
    end
    local is_regular = #cut > 1 and lost_beginning(cut)
    for i, pair in ipairs(cut) do
        parts[i] = is_regular and i > 1 and (i == 2 and "likewise " or "") .. pair.short
            or pair.short .. " = " .. pair.name
    end
    return parts[1] and parts
end

-- The list with its names as long as they can be, narrowed to the width, and the legend; nil when it cannot be.
local function with_short_names(list, rows, style, least_of)
    local names = names_of(list, rows)
    local low, high, best = least_of == minima.hard and LEAST_NAME or GOOD_NAME, 0, nil
    for _, name in ipairs(names) do
        high = math.max(high, style.width_of(clean.clean(name)))
    end
    while low <= high do
        local width = (low + high) // 2
        local short = cut_to(names, width, style)
        local found = short and narrowed(with_names(list, rows, style, short), style.width, least_of)
        best = found and {list = found, legend = legend_of(names, short)} or best
        if found or not short then
            low = width + 1
        else
            high = width - 1
        end
    end
    if best then
        return best.list, best.legend
    end
end

-- ---- all of it ----

local function brief(list, rows, style)
    for i, item in ipairs(list) do
        list[i] = item.column.brief and measured(item.column, rows, style, {is_brief = true}) or item
    end
end

-- What an `absent` column says in every row; nil where it says other things too.
local function only_text(item, rows)
    for r, row in ipairs(rows) do
        if not item.column.absent(row[item.column.key]) or item.texts[r] ~= item.texts[1] then
            return nil
        end
    end
    return item.texts[1] and item.texts[1]:match("^ *(.-) *$")
end

-- Take out the columns that say in every row that there is nothing, into the legend.
local function take_absent(list, rows, legends)
    local names, order = {}, {}
    for i = #list, 1, -1 do
        local text = list[i].column.absent and only_text(list[i], rows)
        if text then
            if not names[text] then
                names[text], order[#order + 1] = {}, text
            end
            table.insert(names[text], 1, clean.clean(table.remove(list, i).column.name))
        end
    end
    for _, text in ipairs(order) do
        local first = names[text][1]
        names[text][1] = ("%s in every row: %s"):format(text, first)
        legends[#legends + 1] = names[text]
    end
end

-- Leave out what can be spared until the rest fits without anything being cut to less than it should have.
local function take_spare(list, width)
    local found = narrowed(list, width, minima.soft)
    local at = most_droppable(list, "spare")
    while not found and at do
        table.remove(list, at)
        found, at = narrowed(list, width, minima.soft), most_droppable(list, "spare")
    end
    return found
end

local function take_dropped(list, rows, style, may_drop)
    while true do
        for _, least_of in ipairs{minima.none, minima.soft, minima.hard} do
            local found, legend = with_short_names(list, rows, style, least_of)
            if not found then
                found = narrowed(list, style.width, least_of)
            end
            if found then
                return found, legend
            end
        end
        local at = may_drop and most_droppable(list, "drop")
        if not at then
            return nil
        end
        table.remove(list, at)
    end
end

--- Choose what is shown of a table.
-- @param columns of it, @param spec, style as of view/table.lua
-- @param before widths that columns have at least (optional)
-- @return measured list (M.measure) that fits, and lists of what explains it; nil when not even the columns
--         that cannot be spared fit
function M.fit(columns, spec, style, before)
    local list, legends = M.measure(columns, spec.rows, style, before), {}
    local found = not style.width and list or narrowed(list, style.width, minima.none)
    if found then
        return found, legends
    end
    brief(list, spec.rows, style)
    found = narrowed(list, style.width, minima.none)
    if not found then
        take_absent(list, spec.rows, legends)
        found = spec.complete and narrowed(list, style.width, minima.soft) or not spec.complete
            and take_spare(list, style.width) or nil
    end
    if not found then
        local legend
        found, legend = take_dropped(list, spec.rows, style, not spec.complete)
        legends[#legends + 1] = legend
    end
    return found, legends
end

return M
