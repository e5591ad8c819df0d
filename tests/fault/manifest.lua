-- manifest.lua FILE: what a manifest calls done, read without the program: "taken DIGEST PATH" and "end STATE -",
-- each followed by its record's place in the file (from, size) and its check, tabs between.
local FIELDS = {
    ["autobackup-manifest"] = 11, run = 6, renewed = 3, kept = 6,
    create = 10, replace = 17, remove = 10, touch = 17, folder = 10, opened = 10, shut = 3, attributes = 4,
    links = 5, above = 10, gone = 10, void = 3, taken = 11, expire = 5, counts = 7, ["end"] = 6,
}

local file = assert(io.open(arg[1], "rb"))
local bytes = file:read("a")
file:close()

-- The fields of the record at a position, and where the next one begins; nil at a record cut short.
local function record(at)
    local fields, start = {}, at
    local count = FIELDS[bytes:match("^[^\0]*", at)]
    for i = 1, count or 0 do
        local field, after = bytes:match("^([^\0]*)\0()", at)
        if not field then
            return nil
        end
        if i == count then
            fields.from, fields.size, fields.check = start, at - start, field
        end
        fields[i], at = field, after
    end
    return count and fields, at
end

local fields, at = record(1)
while fields do
    local place = ("\t%d\t%d\t%s"):format(fields.from, fields.size, fields.check)
    if fields[1] == "taken" then
        print(("taken\t%s\t%s"):format(fields[3], fields[2]) .. place)
    elseif fields[1] == "end" then
        print(("end\t%s\t-"):format(fields[2]) .. place)
    end
    fields, at = record(at)
end
