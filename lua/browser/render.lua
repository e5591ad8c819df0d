--- What the browser shows: a model and a size in, lines out. No terminal.
--
-- A line is a flat list of spans: text, style, text, style...; the last style fills the rest of the line. Styles:
-- plain, title, head, selected, bold, dim, bar, good, warn, bad, key, input.
local age = require "autobackup.view.age"
local clean = require "autobackup.view.clean"
local dialog_module = require "autobackup.browser.dialog"
local distinct = require "autobackup.view.distinct"
local help = require "autobackup.browser.help"
local model_module = require "autobackup.browser.model"
local nanoseconds = require "autobackup.view.nanoseconds"
local panels = require "autobackup.browser.panel"
local place_module = require "autobackup.browser.place"
local shorten = require "autobackup.view.shorten"
local size = require "autobackup.view.size"

local M = {}

local SIZE, FILES, NEWEST = 6, 9, 13    -- columns of widths that never change
local LEAST_NOTE = 8                        -- columns below which a note behind a name says nothing
local NARROW, WIDE, WIDER = 40, 80, 100    -- from which width on marks, files, the newest time are shown

-- How to write: M.lines tells what `look` has.
local Writer = {}
Writer.__index = Writer

function Writer:width(text)
    return self.look.width_of(text)
end

-- A name as it may be shown: where the locale has ASCII only, what is not is a question mark.
function Writer:name(text)
    text = clean.clean(text)
    return self.look.utf8 and text or (text:gsub("[\xC2-\xF4][\x80-\xBF]*", "?"))
end

-- The name of a key, where arrows cannot be shown in words.
function Writer:key(name)
    return self.look.is_drawn and name
        or (name:gsub("↑ ↓", "Up Down"):gsub("→", "Right"):gsub("←", "Left"))
end

function Writer:fit(text, width)
    if width <= 0 then
        return ""
    end
    return shorten.middle(text, width, self.look.width_of, self.look.marks.ellipsis)
end

function Writer:left(text, width)
    text = self:fit(text, width)
    return text .. (" "):rep(width - self:width(text))
end

function Writer:right(text, width)
    text = self:fit(text, width)
    return (" "):rep(width - self:width(text)) .. text
end

-- ---- which columns there are ----

-- Names that do not fit are cut so that they can be told apart, all that have the same width together.
local function set_titles(writer, columns)
    local names, narrowest = {}, math.huge
    for i, column in ipairs(columns) do
        names[i] = column.title
        narrowest = math.min(narrowest, column.width)
    end
    local is_cut = false
    for _, column in ipairs(columns) do
        is_cut = is_cut or writer:width(column.title) > column.width
    end
    if not is_cut then
        return
    end
    local cut = distinct.names(names, narrowest, writer.look.width_of, writer.look.marks.ellipsis)
    for i, column in ipairs(columns) do
        column.title = writer:width(column.title) > column.width and cut[i] or column.title
    end
end

-- Databases as columns: their names where there is room, else as much of them as there is.
local function mark_columns(writer, model, width)
    local columns, total = {}, 0
    for i, database in ipairs(model.databases) do
        local name = writer:name(database.database)
        columns[i] = {database = database, title = name, width = math.max(writer:width(name), 2)}
        total = total + columns[i].width + 1
    end
    local room = width // 3
    while total > room do
        local widest = columns[1]
        for _, column in ipairs(columns) do
            widest = column.width > widest.width and column or widest
        end
        if not widest or widest.width <= 2 then
            break
        end
        widest.width, total = widest.width - 1, total - 1
    end
    set_titles(writer, columns)
    return columns, total
end

local HAS_MARKS = {client = true, project = true}
local HAS_NOTES = {root = true, database = true, category = true}

-- The layout of a place's list at a width.
local function layout(writer, model, width)
    local kind = model.place.kind
    local bar = (width < 50 or writer.look.is_plain) and 0 or width < 70 and 8 or width < 110 and 12 or 20
    local plan = {bar = bar, marks = {}}
    local used = SIZE + 1 + plan.bar + 3
    plan.files = width >= WIDE and kind ~= "root" and FILES or 0
    plan.newest = width >= WIDER and (HAS_MARKS[kind] or kind == "folder" or kind == "category") and NEWEST or 0
    used = used + (plan.files > 0 and plan.files + 1 or 0) + (plan.newest > 0 and plan.newest + 2 or 0)
    if HAS_MARKS[kind] and width >= NARROW then
        local taken
        plan.marks, taken = mark_columns(writer, model, width)
        used = used + taken + 1
    end
    local found = kind == "folder" and model.list.differences
    plan.sign = found and found.count > 0 and 2 or 0    -- the mark before a name
    used = used + plan.sign
    plan.note = HAS_NOTES[kind] and math.max((width - used) * 3 // 5, 0) or 0
    plan.name = math.max(width - used - plan.note, 4)
    return plan
end

-- ---- lines ----

local TITLES = {root = "DATABASE", database = "CLIENT", client = "PROJECT", project = "CATEGORY",
    category = "DATABASE", folder = "NAME"}

local function head_line(writer, model, plan)
    local text = writer:right("SIZE", SIZE) .. (" "):rep(plan.bar + 4 + plan.sign)
        .. writer:left(TITLES[model.place.kind], plan.name + plan.note)
    text = text .. (plan.files > 0 and " " .. writer:right("FILES", plan.files) or "")
    text = text .. (plan.newest > 0 and "  " .. writer:left("NEWEST", plan.newest) or "")
    for i, column in ipairs(plan.marks) do
        text = text .. (i == 1 and "  " or " ") .. writer:left(column.title, column.width)
    end
    return {text, "head"}
end

local function bar_text(writer, plan, bytes, largest)
    local filled = largest > 0 and bytes and math.floor(bytes / largest * plan.bar + 0.5) or 0
    if bytes and bytes > 0 and filled == 0 and plan.bar > 0 then
        return (writer.look.is_drawn and "▏" or "'") .. (" "):rep(plan.bar - 1)
    end
    return (writer.look.is_drawn and "█" or "#"):rep(filled) .. (" "):rep(plan.bar - filled)
end

local SUFFIX = {directory = "/", symlink = "@", fifo = "|", socket = "=", device = "%"}
local MARK_STYLES = {differs = "warn", only = "warn", unknown = "warn", damaged = "bad", same = "good",
    similar = "good"}

local function mark_of(writer, word)
    return word == "only" and "1" or writer.look.marks[word] or " "
end

local function add_marks(writer, spans, plan, row)
    for i, column in ipairs(plan.marks) do
        local word = row.marks and row.marks[column.database.database]
        local text = word and mark_of(writer, word) or " "
        if not column.database.online and word ~= "unknown" then
            text = text .. writer.look.marks.unknown
        end
        spans[#spans + 1] = (i == 1 and "  " or " ") .. writer:left(text, column.width)
        spans[#spans + 1] = word and MARK_STYLES[word] or "dim"
    end
end

local function name_text(writer, row)
    return writer:name(row.name) .. (SUFFIX[row.kind] or "")
end

-- The name, and behind it in a column of its own or in what is left what there is to say of it.
local function add_name(writer, spans, plan, row)
    local mark = row.word and mark_of(writer, row.word) .. " " or ""
    local is_told = row.missing == 0 and plan.files > 0    -- how many files it is
    local note = row.note and not is_told and mark .. row.note or ""
    if plan.note > 0 then
        spans[#spans + 1], spans[#spans + 2] = writer:left(name_text(writer, row), plan.name - 1) .. " ",
            row.dim and "dim" or row.into and "bold" or "plain"
        spans[#spans + 1], spans[#spans + 2] = writer:left(note, plan.note), MARK_STYLES[row.word] or "dim"
        return
    end
    local room = plan.name - writer:width(name_text(writer, row)) - 2
    note = room >= LEAST_NOTE and writer:fit(note, room) or ""
    local taken = note ~= "" and writer:width(note) + 2 or 0
    spans[#spans + 1] = writer:left(name_text(writer, row), plan.name - taken)
    spans[#spans + 1] = row.error and "bad" or (row.into or row.pattern) and "bold" or "plain"
    if note ~= "" then
        spans[#spans + 1], spans[#spans + 2] = "  " .. note, row.missing == 0 and "dim" or "warn"
    end
end

local function row_spans(writer, plan, row, totals)
    local amount = row.bytes and size.size(row.bytes) or writer.look.marks.ellipsis
    local spans = {writer:right(amount, SIZE) .. " ", "plain",
        " " .. bar_text(writer, plan, row.bytes, totals.largest) .. "  ", "bar"}
    if plan.sign > 0 then
        spans[#spans + 1] = writer:left(row.differs and mark_of(writer, row.differs) or "", plan.sign)
        spans[#spans + 1] = MARK_STYLES[row.differs] or "dim"
    end
    add_name(writer, spans, plan, row)
    if plan.files > 0 then
        spans[#spans + 1], spans[#spans + 2] = " " .. writer:right(row.files and size.count(row.files) or "",
            plan.files), "dim"
    end
    if plan.newest > 0 then
        local text = row.newest and age.ago(nanoseconds.seconds(row.newest), writer.look.now) or ""
        spans[#spans + 1], spans[#spans + 2] = "  " .. writer:left(text, plan.newest), "dim"
    end
    add_marks(writer, spans, plan, row)
    return spans
end

local function highlighted(spans)
    for i = 2, #spans, 2 do
        spans[i] = "selected"
    end
    return spans
end

local function list_lines(writer, model, plan, lines)
    local rows = model.list:rows(math.max(model.top, 1), model.top + model.height - 1)
    local totals, at = model.list:totals(), math.max(model.top, 1)
    if model.top < 1 then
        local spans = {(" "):rep(SIZE + plan.bar + 4 + plan.sign) .. "..", "bold"}
        lines[#lines + 1] = model.at == 0 and highlighted(spans) or spans
    end
    for i, row in ipairs(rows) do
        local spans = row_spans(writer, plan, row, totals)
        lines[#lines + 1] = at + i - 1 == model.at and highlighted(spans) or spans
    end
    if #rows == 0 then
        lines[#lines + 1] = {(" "):rep(SIZE + plan.bar + 4 + plan.sign)
            .. (model.filter and "nothing matches the filter" or "nothing is here"), "dim"}
    end
end

-- ---- the line on top: where this is ----

local function place_state(model, look)
    for _, database in ipairs(model.databases) do
        if database.database == model.place.database then
            local read = database.loaded_at and "read " .. age.ago(database.loaded_at // 1000000000, look.now)
                or "never read"
            return database.online and read or "OFFLINE, " .. read
        end
    end
    local offline = 0
    for _, database in ipairs(model.databases) do
        offline = offline + (database.online and 0 or 1)
    end
    return offline > 0 and offline .. " offline" or ""
end

local function title_line(writer, model, width)
    local names = place_module.names(model.place)
    for i, name in ipairs(names) do
        names[i] = writer:name(name)
    end
    table.insert(names, 1, "autobackup")
    local state = place_state(model, writer.look)
    local room = width - 2 - (state ~= "" and writer:width(state) + 2 or 0)
    local path = writer:left(table.concat(names, writer.look.is_drawn and " › " or " > "), room)
    return {" " .. path .. (state ~= "" and "  " .. state or "") .. " ", "title"}
end

-- ---- the two lines below ----

local ORDER_NAMES = {size = "largest first", name = "by name", time = "newest first"}

-- What differs in the replica as a whole: nothing is said where nothing does.
local function differences_text(found)
    if not found or found.known == 0 then
        return nil
    elseif not found.is_done then
        return "comparing"
    elseif found.count > 0 then
        return size.plural(found.count, "difference") .. (found.is_cut and ", not all are marked" or "")
    end
end

local function status_line(writer, model, width)
    local totals, count = model.list:totals(), model.list:count()
    local entries = size.count(totals.count)
    if model.filter then
        entries = size.count(count) .. " of " .. entries
    end
    local parts = {entries .. (totals.count == 1 and " entry" or " entries")}
    if model.place.kind ~= "root" then
        parts[#parts + 1] = size.size(totals.bytes) .. (model.is_pending and " and more" or "")
        parts[#parts + 1] = size.plural(totals.files, "file")
    end
    parts[#parts + 1] = ORDER_NAMES[model.frames and "name" or model.order]
    parts[#parts + 1] = differences_text(model.list.differences)
    if model.filter then
        parts[#parts + 1] = "only " .. writer:name(model.filter)
    end
    return {" " .. writer:fit(table.concat(parts, ", "), width - 2), "dim"}
end

local HINTS = {
    {"Enter", "open"}, {"/", "filter"}, {"c", "copy"}, {"?", "keys"}, {"q", "leave"}, {"d", "compare"},
    {"n", "next difference"}, {"v", "verify"}, {"o", "files"}, {"s", "order"}, {"←", "up"},
}

-- As many as fit, in that order of importance.
local function keys_line(writer, hints, width)
    local spans, used = {" ", "plain"}, 1
    for _, hint in ipairs(hints) do
        local key = writer:key(hint[1])
        local taken = writer:width(key) + 1 + writer:width(hint[2]) + 2
        if used + taken <= width then
            table.move({key, "key", " " .. hint[2] .. "  ", "dim"}, 1, 4, #spans + 1, spans)
            used = used + taken
        end
    end
    return spans
end

-- The choice under the cursor is always seen: what stands before it falls away when the line is too short.
local function choice_spans(writer, dialog, width)
    local names, first = dialog_module.matching(dialog), 1
    local function text_of(i)
        local mark = dialog.many and (dialog.marked[names[i]] and "[x]" or "[ ]") or ""
        local note = dialog.notes[names[i]]
        return " " .. mark .. writer:name(names[i]) .. (note and " (" .. note .. ")" or "") .. " "
    end
    local function taken(to)
        local sum = 0
        for i = first, to do
            sum = sum + writer:width(text_of(i))
        end
        return sum
    end
    while first < dialog.at and taken(dialog.at) > width do
        first = first + 1
    end
    local spans = {}
    for i = first, #names do
        if taken(i) <= width or i == dialog.at then
            spans[#spans + 1], spans[#spans + 2] = text_of(i), i == dialog.at and "selected" or "plain"
        end
    end
    return spans
end

local function dialog_lines(writer, dialog, width)
    if dialog.is_question then
        return {" " .. writer:fit(writer:name(dialog.prompt), width - 2), "bold"},
            keys_line(writer, {{"Enter", "yes"}, {"Esc", "no"}}, width)
    end
    local room = math.max(width // 2, width - 2 - 40)
    local prompt = " " .. writer:fit(writer:name(dialog.prompt), room) .. ": "
    local spans = {prompt, "bold"}
    if dialog.typed ~= "" then
        spans[#spans + 1], spans[#spans + 2] = writer:name(dialog.typed), "input"
        prompt = prompt .. dialog.typed
    end
    for _, span in ipairs(choice_spans(writer, dialog, width - writer:width(prompt))) do
        spans[#spans + 1] = span
    end
    local hints = {{"Enter", dialog.many and "takes the marked" or "takes it"}, {"Esc", "leaves"}}
    if dialog.many then
        table.insert(hints, 1, {"Space", "marks"})
    end
    return spans, keys_line(writer, hints, width)
end

local function bottom_lines(writer, model, width)
    if model.flow then
        return dialog_lines(writer, model.flow.dialog, width)
    elseif model.editing then
        local shown = writer:fit(writer:name(model.editing), width - 12)
        local count = ("%s of %s"):format(size.count(model.list:count()), size.count(model.list:totals().count))
        return {" filter: ", "bold", shown .. " ", "input", "  " .. count, "dim"},
            keys_line(writer, {{"Enter", "keeps it"}, {"Esc", "shows everything"}, {"* ?", "any text"}}, width)
    elseif model.message then
        local text = writer:fit(writer:name(model.message), width - 2)
        return status_line(writer, model, width), {" " .. text, "bold"}
    end
    return status_line(writer, model, width), keys_line(writer, HINTS, width)
end

-- ---- panels ----

local function pad(lines, height)
    while #lines < height do
        lines[#lines + 1] = {"", "plain"}
    end
end

-- A line of a panel is cut, not broken: what a command shows fits the width already.
local function panel_lines(panel, lines, height)
    for i = panel.top, math.min(panel.top + height - 1, #panel.lines) do
        local line = panel.lines[i]
        lines[#lines + 1] = type(line) == "string" and panels.spans(line) or line
    end
end

local function panel_screen(writer, model, width, height)
    local panel = model.panel
    if panel.is_help then
        panel.lines = help.lines(writer, width, model)
    end
    local live = panel.progress or {}
    panel.height = math.max(height - 2 - #live, 1)
    local lines = {{" " .. writer:left(writer:name(panel.title), width - 2) .. " ", "title"}}
    panel_lines(panel, lines, panel.height)
    pad(lines, height - 1 - #live)
    for _, line in ipairs(live) do
        lines[#lines + 1] = {writer:fit(writer:name(line), width), "bold"}
    end
    local hints = panel.is_question and {{"y", "yes"}, {"Esc", "no"}}
        or panel.is_busy and {{"Ctrl-C", "stops it cleanly"}}
        or {{"Esc", "back"}, #panel.lines > panel.height and {"↑ ↓", "scroll"} or nil}
    lines[#lines + 1] = keys_line(writer, hints, width)
    return lines
end

--- The lines of a screen. Sets the model's height, and where its list is scrolled to.
-- @param model see model.lua
-- @param width, height of the screen
-- @param look {width_of= function(text) -> columns, marks= of view/out.lua, utf8= whether names may hold all
--        of it, is_drawn= whether bars and arrows may be drawn, is_plain= for a screen reader: no bars, and the
--        cursor is on the row, where it reads, now= seconds since 1970}
-- @return list of `height` lines, and the line and column of the cursor where it is shown
function M.lines(model, width, height, look)
    local writer = setmetatable({look = look}, Writer)
    if model.panel then
        return panel_screen(writer, model, width, height)
    end
    model.height = math.max(height - 4, 1)
    model_module.settle(model)
    local plan = layout(writer, model, width)
    local lines = {title_line(writer, model, width), head_line(writer, model, plan)}
    list_lines(writer, model, plan, lines)
    pad(lines, height - 2)
    lines[height - 1], lines[height] = bottom_lines(writer, model, width)
    if model.editing then
        return lines, height - 1, 10 + math.min(writer:width(writer:name(model.editing)), width - 12)
    elseif look.is_plain then
        return lines, model.flow and height - 1 or 3 + model.at - model.top, 1
    end
    return lines
end

return M
