--- A table that does not fit a terminal: each row is a small block of lines.
local fitting = require "autobackup.view.fitting"
local shorten = require "autobackup.view.shorten"
local wrap = require "autobackup.view.wrap"

local M = {}

local GAP = fitting.GAP
local FEW = 3    -- databases without anything that are named one by one

local function trimmed(text)
    return (text:gsub("^ +", ""):gsub(" +$", ""))
end

local function shortened(text, width, style)
    return shorten.middle(text, width, style.width_of, style.ellipsis)
end

local function head_of(list, r, style)
    local parts = {}
    for i, item in ipairs(list) do
        if item.column.head or i == 1 then
            parts[#parts + 1] = item.texts[r]
        end
    end
    return style.paint("bold", shortened(table.concat(parts, " "), style.width, style))
end

-- Whether a column is one of several databases that are told in groups: what they have, and which have it.
local function is_grouped(column)
    return column.name and not column.before
end

-- "TITLE value" of each further column, as many on a line as fit. What is zero is not worth a place there.
local function pieces(list, row, r, style)
    local found = {}
    for i, item in ipairs(list) do
        local column, text = item.column, trimmed(item.texts[r])
        if i > 1 and not column.head and not is_grouped(column) and text ~= "" and row[column.key] ~= 0 then
            local title, color = item.title:gsub(" +$", ""), column.color and column.color(row[column.key], row)
            local room = math.max(style.width - style.width_of(title) - #GAP - 1, 4)
            text = (column.whole or column.names) and text or shortened(text, room, style)
            found[#found + 1] = {
                names = column.names and text, title = title,
                width = style.width_of(title) + 1 + style.width_of(text),
                text = style.paint("dim", title) .. " " .. (color and style.paint(color, text) or text),
            }
        end
    end
    return found
end

-- Databases by what they have, in the order in which that first comes; those that have nothing come last.
local function groups_of(list, row, r)
    local groups, order, last = {}, {}, {}
    for _, item in ipairs(list) do
        local column, value = item.column, row[item.column.key]
        local text = is_grouped(column) and trimmed(item.texts[r]) or ""
        if text ~= "" then
            if not groups[text] then
                local is_absent = column.absent and column.absent(value) or false
                groups[text] = {text = text, color = column.color and column.color(value, row),
                    is_absent = is_absent}
                table.insert(is_absent and last or order, groups[text])
            end
            table.insert(groups[text], (item.title:gsub(" +$", "")))
        end
    end
    if #last == 1 and #order > 0 and #last[1] > FEW then
        last[1].others = #last[1]
    end
    return table.move(last, 1, #last, #order + 1, order)
end

local function add_groups(list, row, r, style, lines)
    local groups, widest = groups_of(list, row, r), 0
    for _, group in ipairs(groups) do
        widest = math.max(widest, style.width_of(group.text))
    end
    for _, group in ipairs(groups) do
        local names = group.others and ("the other %d"):format(group.others) or table.concat(group, ", ")
        local width = math.max(style.width - widest - 2 * #GAP, 1)
        for i, piece in ipairs(wrap.line(names, width, style.width_of, 0)) do
            local text = i == 1 and group.text or ""
            local fill = (" "):rep(widest - style.width_of(text))
            local painted = group.color and text ~= "" and style.paint(group.color, text) or text
            lines[#lines + 1] = GAP .. fill .. painted .. GAP .. piece
        end
    end
end

-- A piece that is names of databases: none of them is cut.
local function broken(piece, style)
    local lines = wrap.line(GAP .. piece.title .. " " .. piece.names, style.width, style.width_of)
    lines[1] = GAP .. style.paint("dim", piece.title) .. lines[1]:sub(#GAP + #piece.title + 1)
    return lines
end

local function add_block(list, row, r, style, lines)
    lines[#lines + 1] = head_of(list, r, style)
    local used = math.huge
    for _, piece in ipairs(pieces(list, row, r, style)) do
        if used + #GAP + piece.width > style.width then
            for _, line in ipairs(piece.names and broken(piece, style) or {GAP .. piece.text}) do
                lines[#lines + 1] = line
            end
            used = #GAP + piece.width
        else
            lines[#lines] = lines[#lines] .. GAP .. piece.text
            used = used + #GAP + piece.width
        end
    end
    add_groups(list, row, r, style, lines)
end

--- Lay out rows as blocks: what the first column and those with `head` say, then the others with their titles.
-- Columns of databases (`name`) are told together where they say the same.
-- @param list measured columns (view/fitting.lua), @param rows, @param style as of view/table.lua
-- @return list of lines
function M.lines(list, rows, style)
    local lines = {}
    for r, row in ipairs(rows) do
        add_block(list, row, r, style, lines)
    end
    return lines
end

return M
