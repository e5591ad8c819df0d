--- Aligned tables. On a terminal they fit its width (view/fitting.lua): columns that can be spared are left out, names
--- of databases and texts are shortened; at last every row becomes a small block of lines (view/blocks.lua). Piped,
--- all columns of which anything is to be said stand there in full.
local blocks = require "autobackup.view.blocks"
local fitting = require "autobackup.view.fitting"
local shorten = require "autobackup.view.shorten"

local M = {}

local GAP = fitting.GAP

local function is_blank(column, rows)
    for _, row in ipairs(rows) do
        local value = row[column.key]
        local is_said = value ~= nil and value ~= 0 and value ~= "" and value ~= false
        if is_said and not (column.format and column.format(value, row) == nil) then
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
local function layout(list, pick, style)
    local parts, at, is_sure = {}, 1, true
    for i, item in ipairs(list) do
        local text, color = pick(item)
        local place = is_sure and "" or ("\27[%dG"):format(at)
        parts[i] = place .. padded(text, item.width, item.column, color, style)
        is_sure = is_sure and not (style.places and is_uncertain(text))
        at = at + item.width + #GAP
    end
    return trim_end(table.concat(parts, GAP))
end

-- A column marked `group` shows a value once and leaves it out below, on a terminal only: a pipe's reader takes
-- each line by itself.
local function repeats(list, r, item, style)
    if not (style.tty and item.column.group and r > 1) then
        return false
    end
    for _, other in ipairs(list) do
        if other.column.group and other.texts[r] ~= other.texts[r - 1] then
            return false
        elseif other == item then
            return true
        end
    end
end

local function shortened(text, width, style)
    return shorten.middle(text, width, style.width_of, style.ellipsis)
end

-- A text that is never shortened and too long for its place gets a line of its own. One that is too long for the
-- screen is broken by the terminal, from which it can be taken in one piece.
local function hanging(list, r, style)
    local last = list[#list]
    local room = style.width and last.column.whole and style.width - fitting.total(list) + last.width
    local text = last.texts[r]
    return room and style.width_of(text) > room and GAP .. text
end

local function flat(list, rows, style, is_titled)
    local lines = {}
    lines[1] = not is_titled and layout(list, function(item) return item.title, "dim" end, style) or nil
    for r, row in ipairs(rows) do
        local below = hanging(list, r, style)
        lines[#lines + 1] = layout(list, function(item)
            if repeats(list, r, item, style) or below and item == list[#list] then
                return ""
            end
            local text = item.texts[r]
            return item.column.whole and text or shortened(text, item.width, style), color_of(item.column, row)
        end, style)
        lines[#lines + 1] = below or nil
    end
    return lines
end

-- Texts after each other, as many on a line as fit; none is broken.
local function add_legend(lines, parts, style)
    local line
    for i, part in ipairs(parts) do
        local text = part .. (i < #parts and "," or "")
        if line and style.width_of(line) + 1 + style.width_of(text) > style.width then
            lines[#lines + 1] = style.paint("dim", line)
            line = GAP .. text
        else
            line = line and line .. " " .. text or text
        end
    end
    lines[#lines + 1] = style.paint("dim", line)
end

--- Lay out a table.
-- @param spec {columns=, rows=, complete=bool?}; a column is {key=, title=, align="right"?, format=fn(value,row)?,
--        color=fn(value,row)?, min=columns?, group=bool?, head=bool?, hide_empty=bool?, drop=number?,
--        whole=bool?}: those with `hide_empty` go where all of it is empty or 0, those with `drop` where all do
--        not fit, the highest first (terminal only; none where the table is to be `complete`); a `whole` one at
--        the end, such as a path that may be wanted elsewhere, is never shortened: where it does not fit it stands
--        on a line of its own. What else a column may have for narrow screens, and names of databases:
--        view/fitting.lua
-- @param style {width=columns or nil, tty=bool, width_of=fn, paint=fn(color,text), ellipsis=text, places=whether
--        the terminal may be told columns}
-- @param state of a table that is laid out in parts, not on a terminal: an empty table at first (optional). Later
--        parts have no titles, and columns that are as wide as before or wider
-- @return a list of lines, the titles first, what shortened names mean last, and how many columns were left out
function M.lines(spec, style, state)
    local columns, before = shown_columns(spec), state and state.widths
    local list, legends = fitting.fit(columns, spec, style, before)
    if not list then
        return blocks.lines(fitting.measure(columns, spec.rows, style), spec.rows, style), 0
    elseif state then
        state.widths = fitting.widths(list)
    end
    local lines = flat(list, spec.rows, style, before ~= nil)
    for _, parts in ipairs(legends) do
        add_legend(lines, parts, style)
    end
    return lines, #columns - #list
end

return M
