local unit = require("luaunit")
local transfers = require("autobackup.view.transfers")

local M = {}

local function copy(fields)
    local row = {operation = "OP", to = "NAS", files_copied = 0, bytes_copied = 0, files_unchanged = 0,
        files_replaced = 0, files_removed = 0, others_copied = 0, directories_made = 0, directories_removed = 0,
        metadata_only = 0, conflicts = 0, failed = 0}
    for key, value in pairs(fields) do
        row[key] = value
    end
    return row
end

local function summary(...)
    return transfers.summary({...}, 0)
end

function M.test_everything_that_happened_is_named()
    unit.assertEquals(summary(copy{files_copied = 100, bytes_copied = 1200000000, files_removed = 3,
        files_unchanged = 29}), {"100 files copied (1.2 GB), 3 removed and kept as versions, 29 unchanged",
        "what was replaced or removed is kept in .autobackup/versions/OP on NAS; 'undo OP' puts it back"})
    unit.assertEquals(summary(copy{files_copied = 1, bytes_copied = 5}, copy{conflicts = 1, failed = 2,
        files_left = 4, metadata_only = 1, others_copied = 1}), {"1 file copied (5 B), 1 link or special file "
        .. "copied, 1 with only rights or times set, 1 conflict, 2 failed, 4 left as they are"})
    unit.assertEquals(summary(copy{directories_made = 2}), {"2 folders made"})
    unit.assertEquals(summary(copy{directories_removed = 1, files_unchanged = 2}),
        {"1 folder removed, 2 unchanged"})
    unit.assertEquals(summary(copy{files_copied = 3, bytes_copied = 9, files_replaced = 1}),
        {"3 files copied (9 B), 1 of them replaced",
        "what was replaced or removed is kept in .autobackup/versions/OP on NAS; 'undo OP' puts it back"})
end

function M.test_many_operations_are_not_named()
    local rows = {}
    for i = 1, 4 do
        rows[i] = copy{files_copied = 1, files_replaced = 1, to = i < 3 and "NAS" or "STORAGE"}
    end
    unit.assertEquals(transfers.summary(rows, 0)[2],
        "what was replaced or removed is kept in .autobackup/versions on NAS, STORAGE; "
        .. "'undo OPERATION' puts it back, 'history' lists them")
end

function M.test_nothing_to_do()
    local nothing = {"nothing to do: everything is there already"}
    unit.assertEquals(summary(copy{files_unchanged = 3}), nothing)
    unit.assertEquals(summary(copy{files_unchanged = 3, dry_run = true}), nothing)
    unit.assertEquals(transfers.summary({copy{}}, 75), {})
    unit.assertEquals(summary(copy{refused = 1}, copy{refused = 1, dry_run = true}),
        {"nothing to do: everything is there already but some rights, times or attributes of 2 files and folders"})
    unit.assertEquals(summary(copy{directories_made = 1, refused = 1}),
        {"1 folder made, 1 without some rights, times or attributes"})
    unit.assertEquals(summary(copy{files_copied = 3, dry_run = true}), {"nothing was copied: this is the plan"})
end

function M.test_actions()
    unit.assertEquals(transfers.action{kind = "extra", removes = true}, "remove (kept as versions)")
    unit.assertEquals(transfers.action{kind = "extra"}, "leave (extra there)")
    unit.assertEquals(transfers.action({kind = "type", file_type = "file"}), "leave (file here, folder there)")
    unit.assertEquals(transfers.action({kind = "new"}), "copy")
    unit.assertEquals(transfers.action({kind = "conflict"}), "leave (newer there)")
    unit.assertStrContains(transfers.action({kind = "conflict", code = "EDIGEST"}), "another content there")
    unit.assertStrContains(transfers.action({kind = "conflict", code = "EDOUBT"}), "perhaps another content there")
    unit.assertEquals(transfers.action({kind = "conflict", code = "EDAMAGED"}), "leave (damaged there)")
    unit.assertEquals(transfers.action({kind = "conflict", code = "ENEWER"}), "leave (newer there)")
end

return M
