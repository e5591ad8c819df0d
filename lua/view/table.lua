--- Aligned tables. On a terminal they fit its width: text columns are shortened in the middle; when that is not
--- enough, columns that can be spared are left out; at last every row becomes a small block of lines. Piped, all
--- columns of which anything is to be said stand there in full.
local clean = require "autobackup.view.clean"
local shorten = require "autobackup.view.shorten"

local M = {}

local GAP = "  "
local LEAST = 8    -- columns that a shortened text keeps

local function text_of(column, row)
    local value = row[column.key]
    if column.format then
        value = column.format(value, row)
    end
    if value == nil then
        return ""
    end
    return clean.clean(tostring(value))
end

local function title_of(column)
    return clean.clean(column.title)
end

local function is_blank(column, rows)
    for _, row in ipairs(rows) do
        local value = row[column.key]
        if value ~= nil and value ~= 0 and value ~= "" and value ~= false then
            return false
        end
    end
    return true
end

local function shown_columns(spec)
    local columns = {}
    for _, column in ipairs(spec.columns) do
        if not (column.hide_empty and is_blank(column, spec.rows)) then
            columns[#columns + 1] = column
        end
    end
    return columns
end

local function measure(columns, rows, style, before)
    local cells, widths = {}, {}
    for i, column in ipairs(columns) do
        widths[i] = math.max(style.width_of(title_of(column)), before and before[i] or 0)
    end
    for r, row in ipairs(rows) do
        cells[r] = {}
        for i, column in ipairs(columns) do
            local text = text_of(column, row)
            cells[r][i] = text
            widths[i] = math.max(widths[i], style.width_of(text))
        end
    end
    return cells, widths
end

local function total(widths)
    local sum = #GAP * (#widths - 1)
    for _, width in ipairs(widths) do
        sum = sum + width
    end
    return sum
end

local function is_shrinkable(column)
    return column.align ~= "right" and not column.whole
end

local function widest_shrinkable(columns, widths)
    local best
    for i, column in ipairs(columns) do
        local least = column.min or LEAST
        if is_shrinkable(column) and widths[i] > least and (not best or widths[i] > widths[best]) then
            best = i
        end
    end
    return best
end

-- The column that can best be spared: its place, or nil.
local function most_droppable(columns)
    local best
    for i, column in ipairs(columns) do
        if column.drop and (not best or column.drop > columns[best].drop) then
            best = i
        end
    end
    return best
end

-- Narrow the widest text columns until the table fits. False when it cannot.
local function shrink(columns, widths, width)
    local last = columns[#columns]
    local beyond = last.whole and math.max(widths[#widths] - (last.min or LEAST), 0) or 0
    local excess = total(widths) - beyond - width
    while excess > 0 do
        local i = widest_shrinkable(columns, widths)
        if not i then
            return false
        end
        widths[i] = widths[i] - 1
        excess = excess - 1
    end
    return true
end

local function without(list, at)
    local rest = table.move(list, 1, #list, 1, {})
    table.remove(rest, at)
    return rest
end

-- The columns that fit, their cells and widths; nil when not even those that cannot be spared do.
local function fit(columns, cells, widths, width)
    local narrowed = table.move(widths, 1, #widths, 1, {})
    if not width or shrink(columns, narrowed, width) then
        return columns, cells, narrowed
    end
    local at = most_droppable(columns)
    if not at then
        return nil
    end
    local rest = {}
    for r, texts in ipairs(cells) do
        rest[r] = without(texts, at)
    end
    return fit(without(columns, at), rest, without(widths, at), width)
end

local function color_of(column, row)
    return column.color and column.color(row[column.key], row)
end

local function trim_end(text)
    return (text:gsub(" +$", ""))
end

-- A text with blanks around it to the width; only the text is coloured.
local function padded(text, width, column, color, style)
    local fill = (" "):rep(width - style.width_of(text))
    local painted = color and text ~= "" and style.paint(color, text) or text
    return column.align == "right" and fill .. painted or painted .. fill
end

-- Whether terminals differ about the columns of a text: joined emoji, skin tones, presentation selectors.
local function is_uncertain(text)
    return text:find("\xE2\x80\x8D", 1, true) or text:find("\xEF\xB8\x8F", 1, true)
        or text:find("\xF0\x9F\x8F[\xBB-\xBF]")
end

-- Where such a text stands, the terminal is told the column of what follows.
local function layout(columns, widths, pick, style)
    local parts, at, is_sure = {}, 1, true
    for i, column in ipairs(columns) do
        local text, color = pick(i, column)
        parts[i] = (is_sure and "" or ("\27[%dG"):format(at)) .. padded(text, widths[i], column, color, style)
        is_sure = is_sure and not (style.places and is_uncertain(text))
        at = at + widths[i] + #GAP
    end
    return trim_end(table.concat(parts, GAP))
end

-- A column marked `group` shows a value once and leaves it out below, on a terminal only: a pipe's reader takes
-- each line by itself.
local function repeats(columns, cells, r, i, style)
    if not (style.tty and columns[i].group and r > 1) then
        return false
    end
    for j = 1, i do
        if columns[j].group and cells[r][j] ~= cells[r - 1][j] then
            return false
        end
    end
    return true
end

local function shortened(text, width, style)
    return shorten.middle(text, width, style.width_of, style.ellipsis)
end

-- A text that is never shortened and too long for its place gets a line of its own. One that is too long for the
-- screen is broken by the terminal, from which it can be taken in one piece.
local function hanging(columns, cells, r, widths, style)
    local last = #columns
    local room = style.width and columns[last].whole and style.width - total(widths) + widths[last]
    local text = cells[r][last]
    return room and style.width_of(text) > room and GAP .. text
end

local function flat(columns, rows, cells, widths, style, is_titled)
    local lines = {}
    lines[1] = not is_titled and layout(columns, widths, function(_, column)
        return title_of(column), "dim"
    end, style) or nil
    for r, row in ipairs(rows) do
        local below = hanging(columns, cells, r, widths, style)
        lines[#lines + 1] = layout(columns, widths, function(i, column)
            if repeats(columns, cells, r, i, style) or below and i == #columns then
                return ""
            end
            return column.whole and cells[r][i] or shortened(cells[r][i], widths[i], style), color_of(column, row)
        end, style)
        lines[#lines + 1] = below or nil
    end
    return lines
end

local function head_of(columns, texts, style)
    local parts = {}
    for i, column in ipairs(columns) do
        if column.head or i == 1 then
            parts[#parts + 1] = texts[i]
        end
    end
    return style.paint("bold", shortened(table.concat(parts, " "), style.width, style))
end

-- "TITLE value" of each further column, as many on a line as fit. What is zero is not worth a place there.
local function pieces(columns, row, texts, style)
    local list = {}
    for i, column in ipairs(columns) do
        local text = texts[i]:gsub("^ +", ""):gsub(" +$", "")
        if i > 1 and not column.head and text ~= "" and row[column.key] ~= 0 then
            local title, color = trim_end(title_of(column)), color_of(column, row)
            local room = math.max(style.width - style.width_of(title) - #GAP - 1, 4)
            text = column.whole and text or shortened(text, room, style)
            list[#list + 1] = {width = style.width_of(title) + 1 + style.width_of(text),
                text = style.paint("dim", title) .. " " .. (color and style.paint(color, text) or text)}
        end
    end
    return list
end

local function block(columns, row, texts, style, lines)
    lines[#lines + 1] = head_of(columns, texts, style)
    local used = math.huge
    for _, piece in ipairs(pieces(columns, row, texts, style)) do
        if used + #GAP + piece.width > style.width then
            lines[#lines + 1] = GAP .. piece.text
            used = #GAP + piece.width
        else
            lines[#lines] = lines[#lines] .. GAP .. piece.text
            used = used + #GAP + piece.width
        end
    end
end

local function stacked(columns, rows, cells, style)
    local lines = {}
    for r, row in ipairs(rows) do
        block(columns, row, cells[r], style, lines)
    end
    return lines
end

--- Lay out a table.
-- @param spec {columns=, rows=}; a column is {key=, title=, align="right"?, format=fn(value,row)?,
--        color=fn(value,row)?, min=columns?, group=bool?, head=bool?, hide_empty=bool?, drop=number?,
--        whole=bool?}: those with `hide_empty` go where all of it is empty or 0, those with `drop` where all do
--        not fit, the highest first (terminal only); a `whole` one at the end, such as a path that may be wanted
--        elsewhere, is never shortened: where it does not fit it stands on a line of its own
-- @param style {width=columns or nil, tty=bool, width_of=fn, paint=fn(color,text), ellipsis=text, places=whether
--        the terminal may be told columns}
-- @param state of a table that is laid out in parts, not on a terminal: an empty table at first (optional). Later
--        parts have no titles, and columns that are as wide as before or wider
-- @return a list of lines, the titles first, and how many columns were left out
function M.lines(spec, style, state)
    local columns = shown_columns(spec)
    local before = state and state.widths
    local cells, widths = measure(columns, spec.rows, style, before)
    if state then
        state.widths = widths
    end
    local fitting, fitting_cells, fitting_widths = fit(columns, cells, widths, style.width)
    if not fitting then
        return stacked(columns, spec.rows, cells, style), 0
    end
    return flat(fitting, spec.rows, fitting_cells, fitting_widths, style, before ~= nil), #columns - #fitting
end

return M
