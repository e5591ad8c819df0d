--- trust: show a startup file and trust it.
local errors = require "autobackup.errors"
local problems_view = require "autobackup.view.problems"
local rows = require "autobackup.rows"
local trust = require "autobackup.trust"

-- Without a terminal nobody can be asked: the file is shown, and that is all.
local function shown_only(examined)
    local row = rows.row("trust", {path = examined.path, state = examined.state, trusted = false,
        lines = trust.lines(examined)})
    local message = ("%s; look at it and say --yes to trust it"):format(trust.describe(examined))
    return {row, status = 1, problems = {rows.row("problem",
        {path = examined.path, code = "ECONFIRM", message = message})}}
end

local function run(args, session)
    local examined = trust.examine(session, args.file)
    if args.yes and examined.state ~= "trusted" then
        trust.accept(session, examined)
    elseif examined.state ~= "trusted" then
        if not session.interactive then
            return shown_only(examined)
        elseif not trust.ask(session, examined) then
            errors.raise("ECANCELED", examined.path .. " is not trusted")
        end
    end
    return {rows.row("trust", {path = examined.path, state = examined.state, trusted = true})}
end

local function show(result, out, session)
    local row = result[1]
    for _, line in ipairs(row.lines or {}) do
        out:line(out:clean(line))
    end
    problems_view.show(result.problems, session.err)
    if row.trusted then
        out:line(out:clean(row.path .. (row.state == "trusted" and " was trusted already" or " is trusted")))
    end
end

return {
    name = "trust",
    group = "set up",
    passing = true,
    summary = "show the .config of a folder and trust it",
    details = "A ./.config runs code that whoever wrote the folder chose, so it runs only when these very bytes "
        .. "were trusted. A change asks again.",
    examples = {"trust", "trust ./.config"},
    startup = false,
    args = {{"file", "path", optional = true, default = "./.config"}},
    options = {yes = {short = "y", help = "do not ask"}},
    run = run,
    show = show,
}
