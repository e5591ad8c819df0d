--- trust: show a startup file and trust it.
local errors = require "autobackup.errors"
local problems_view = require "autobackup.view.problems"
local rows = require "autobackup.rows"
local trust = require "autobackup.trust"

local function row_of(examined, fields)
    local row = {path = examined.path, state = examined.state, trusted = true}
    for key, value in pairs(fields or {}) do
        row[key] = value
    end
    return rows.row("trust", row)
end

-- Without a terminal nobody can be asked: the files are shown, and that is all.
local function shown_only(all)
    local result, problems = {status = 1}, {}
    for i, examined in ipairs(all) do
        local is_trusted = examined.state == "trusted"
        result[i] = row_of(examined, not is_trusted and {trusted = false, lines = trust.lines(examined)} or nil)
        if not is_trusted then
            problems[#problems + 1] = rows.row("problem", {path = examined.path, code = "ECONFIRM",
                message = ("%s; look at it and say --yes to trust it"):format(trust.describe(examined))})
        end
    end
    result.problems = problems
    return result
end

local function run(args, session)
    local all = trust.examine_all(session, args.file)
    local untrusted = trust.untrusted(all)
    if args.yes then
        for _, examined in ipairs(untrusted) do
            trust.accept(session, examined)
        end
    elseif untrusted[1] then
        if not session.interactive then
            return shown_only(all)
        elseif not trust.ask(session, untrusted) then
            errors.raise("ECANCELED", untrusted[1].path .. " is not trusted")
        end
    end
    local result = {}
    for i, examined in ipairs(all) do
        result[i] = row_of(examined)
    end
    return result
end

local function show(result, out, session)
    for _, row in ipairs(result) do
        if row.lines and result[2] then
            out:line(out:clean(row.path) .. ":")
        end
        for _, line in ipairs(row.lines or {}) do
            out:line(out:clean(line))
        end
        if row.trusted then
            out:line(out:clean(row.path .. (row.state == "trusted" and " was trusted already" or " is trusted")))
        end
    end
    problems_view.show(result.problems, session.err)
end

return {
    name = "trust",
    group = "set up",
    passing = true,
    summary = "show the .config of a folder and trust it",
    details = "A ./.config runs code that whoever wrote the folder chose, so it runs only when these very bytes "
        .. "were trusted, and so do the files of its folder that it loads (require, dofile, loadfile): those that "
        .. "its text names are shown with it. A change asks again, with the difference.",
    examples = {"trust", "trust ./.config"},
    startup = false,
    args = {{"file", "path", optional = true, default = "./.config"}},
    options = {yes = {short = "y", help = "do not ask"}},
    run = run,
    show = show,
}
