--- report.lua SAMPLES NOTES JSON: the table of a bench run, what became of the budgets, the same as JSON lines.
local json = require "dkjson"

local MIB = 1024

-- A budget: what, of which group (a pattern) and row, and its limits: a ratio to another row of the group (vs),
-- seconds or MiB. Where `any` is set one limit that holds is enough.
local BUDGETS = {
    {"load, warm, new catalog", "^load %d+ files, warm$", "load, new catalog",
        {{vs = "floor", max = 1.25}, {vs = "du -s", max = 0.6}, {vs = "rsync -an", max = 0.3}}},
    {"load again, nothing changed", "^load %d+ files, warm$", "load, unchanged", {{vs = "floor", max = 1.10}}},
    {"load, cold", "^load %d+ files, cold$", "load, new catalog", {{vs = "du -s", max = 0.45}}},
    {"memory of a first load", "^memory %d+ files$", "load, new catalog", {{mib = 40}}},
    {"memory of a load again", "^memory %d+ files$", "load, unchanged", {{mib = 40}}},
    {"find, under 100 matches, 1M files", "^queries 1000000 files$", "find, few matches", {{seconds = 0.05}}},
    {"list, 1M files", "^queries 1000000 files$", "list projects", {{seconds = 0.03}}},
    {"fetch all, 1M files", "^queries 1000000 files$", "fetch all", {{seconds = 0.03}}},
    {"compare, 1M files", "^queries 1000000 files$", "compare every project", {{seconds = 0.3}}},
    {"compare one project, 1M files", "^queries 1000000 files$", "compare one project", {{seconds = 0.3}}},
    {"start", "^start$", "autobackup -e", {{seconds = 0.005}, {vs = "lua5.4 -e", max = 4}}, any = true},
    {"copy small files", "^copy to ext4, small files$", "autobackup",
        {{vs = "cp -a", max = 0.7}, {vs = "rsync -a", max = 0.6}}},
    {"copy large files", "^copy to ext4, large files$", "autobackup",
        {{vs = "cp -a, sync -f", max = 0.8}, {vs = "rsync -a", max = 0.4}}},
    {"copy again, nothing changed", "^copy again to ext4, small files$", "autobackup",
        {{vs = "rsync -a", max = 0.6}, {vs = "rclone sync", max = 0.4}}},
    {"two destinations, cold", "^two destinations, cold$", "one copy to both", {{vs = "two copies", max = 0.75}}},
    {"two destinations, warm", "^two destinations, warm$", "one copy to both", {{vs = "two copies", max = 0.95}}},
    {"verify, warm", "^verify .* warm", "autobackup verify --cached",
        {{vs = "xxhsum -H2", max = 0.6}, {vs = "sha256sum", max = 0.1}}},
}

-- Rows are compared with the first of their group.
local function read_samples(path)
    local groups, by_name = {}, {}
    for line in io.lines(path) do
        local group, name, wall, user, sys, kib, bytes =
            line:match("^(.-)\t(.-)\t(.-)\t(.-)\t(.-)\t(.-)\t(.-)$")
        local g = by_name[group]
        if not g then
            g = {name = group, rows = {}, by_name = {}}
            by_name[group] = g
            groups[#groups + 1] = g
        end
        local row = g.by_name[name]
        if not row then
            row = {name = name, walls = {}, user = 0, system = 0, kib = 0, bytes = tonumber(bytes)}
            g.by_name[name] = row
            g.rows[#g.rows + 1] = row
        end
        table.insert(row.walls, tonumber(wall))
        row.user, row.system = row.user + tonumber(user), row.system + tonumber(sys)
        row.kib = math.max(row.kib, tonumber(kib))
    end
    return groups
end

local function median(list)
    local middle = #list // 2
    return #list % 2 == 1 and list[middle + 1] or (list[middle] + list[middle + 1]) / 2
end

local function settle(groups)
    for _, g in ipairs(groups) do
        for _, row in ipairs(g.rows) do
            table.sort(row.walls)
            row.seconds = median(row.walls)
            row.cpu = (row.user + row.system) / #row.walls
            row.ratio = row.seconds / g.rows[1].seconds
        end
    end
end

local function duration(seconds)
    if seconds < 0.1 then
        return ("%.2f ms"):format(seconds * 1000)
    end
    return ("%.3f s"):format(seconds)
end

local function rate(row)
    return row.bytes > 0 and ("%.0f MB/s"):format(row.bytes / row.seconds / 1e6) or ""
end

local function print_group(g)
    print((("\n%-36s %10s %10s %10s %10s %9s %9s %10s"):format(g.name, "MEDIAN", "MIN", "MAX", "CPU", "MEMORY",
        "RATIO", g.rows[1].bytes > 0 and "RATE" or ""):gsub("%s+$", "")))
    for _, row in ipairs(g.rows) do
        print((("  %-34s %10s %10s %10s %10s %5.0f MiB %8.2fx %10s"):format(row.name, duration(row.seconds),
            duration(row.walls[1]), duration(row.walls[#row.walls]), duration(row.cpu), row.kib / MIB, row.ratio,
            rate(row)):gsub("%s+$", "")))
    end
end

-- One limit: what was measured, what it may be, whether it holds. Nil when the row to compare with is missing.
local function judge(limit, row, group)
    if limit.seconds then
        return {got = row.seconds, max = limit.seconds, met = row.seconds <= limit.seconds,
            text = ("%s of %s"):format(duration(row.seconds), duration(limit.seconds))}
    elseif limit.mib then
        local got = row.kib / MIB
        return {got = got, max = limit.mib, unit = "MiB", met = got <= limit.mib,
            text = ("%.0f of %d MiB"):format(got, limit.mib)}
    end
    local other = group.by_name[limit.vs]
    local got = other and row.seconds / other.seconds
    return other and {got = got, max = limit.max, vs = limit.vs, met = got <= limit.max,
        text = ("%.2f of %.2f x %s"):format(got, limit.max, limit.vs)}
end

local function add_verdicts(verdicts, budget, group, row)
    local added, met = {}, false
    for _, limit in ipairs(budget[4]) do
        local verdict = judge(limit, row, group)
        if verdict then
            verdict.what, verdict.group = budget[1], group.name
            met = met or verdict.met
            table.insert(added, verdict)
        end
    end
    for _, verdict in ipairs(added) do
        verdict.enough = budget.any and met or nil
        table.insert(verdicts, verdict)
    end
end

local function verdicts_of(groups)
    local verdicts = {}
    for _, budget in ipairs(BUDGETS) do
        local before = #verdicts
        for _, group in ipairs(groups) do
            local row = group.name:find(budget[2]) and group.by_name[budget[3]]
            if row then
                add_verdicts(verdicts, budget, group, row)
            end
        end
        if #verdicts == before then
            table.insert(verdicts, {what = budget[1], text = ""})
        end
    end
    return verdicts
end

local function word_of(verdict)
    if verdict.met == nil then
        return "not measured"
    elseif verdict.met then
        return "met"
    end
    return verdict.enough and "missed, the other is enough" or "MISSED"
end

local function print_verdicts(verdicts)
    print("\nbudgets")
    for _, v in ipairs(verdicts) do
        local what = v.what
        if what:find("^memory") and v.group then
            what = what .. ", " .. v.group:match("%d+")
        end
        print(("  %-36s %-34s %s"):format(what, v.text, word_of(v)))
    end
end

local function write_json(path, groups, verdicts, notes)
    local out <close> = assert(io.open(path, "w"))
    local function line(object)
        assert(out:write(json.encode(object), "\n"))
    end
    for _, text in ipairs(notes) do
        line{type = "note", text = text}
    end
    for _, g in ipairs(groups) do
        for _, row in ipairs(g.rows) do
            line{type = "measurement", group = g.name, name = row.name, seconds = row.seconds, samples = row.walls,
                cpu_seconds = row.cpu, peak_bytes = row.kib * 1024, bytes = row.bytes > 0 and row.bytes or nil,
                ratio = row.ratio, ratio_to = g.rows[1].name}
        end
    end
    for _, v in ipairs(verdicts) do
        line{type = "budget", what = v.what, group = v.group, against = v.vs, measured = v.got, limit = v.max,
            unit = v.unit, result = word_of(v)}
    end
end

local notes = {}
for line in io.lines(arg[2]) do
    notes[#notes + 1] = line
end
local groups = read_samples(arg[1])
settle(groups)
local verdicts = verdicts_of(groups)
for _, g in ipairs(groups) do
    print_group(g)
end
print_verdicts(verdicts)
print("\nnotes")
for _, text in ipairs(notes) do
    print("  " .. text)
end
write_json(arg[3], groups, verdicts, notes)
print("\nas JSON lines: " .. arg[3])
