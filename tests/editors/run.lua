-- Run by test_editors.py in `nvim --headless`, after docs/editors/neovim.lua: what a user does, told as JSON.
local told = { prompts = {}, shown = {} }

vim.lsp.handlers["window/showMessage"] = function(_, params)
  table.insert(told.shown, params.message)
end
vim.fn.inputlist = function(lines)
  table.insert(told.prompts, lines[1])
  for number, line in ipairs(lines) do
    if line:match("^%d+%. Apply$") or line:match("^%d+%. Run$") then return number - 2 end
  end
  return 0
end

local function wait(what, condition)
  if not vim.wait(20000, condition, 20) then
    told.missing = what
    vim.fn.writefile({ vim.fn.json_encode(told) }, vim.env.TOLD)
    vim.cmd("cquit")
  end
end

local function text() return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), "\n") end

local function settled(count)
  wait("end of turn " .. count, function()
    local client = vim.lsp.get_active_clients()[1]
    local done = 0
    for _, progress in pairs(client and client.messages.progress or {}) do
      if progress.done then done = done + 1 end
    end
    return done == count
  end)
end

vim.cmd("edit saved.txt")
wait("the server", function()
  local client = vim.lsp.get_active_clients()[1]
  return client and client.initialized
end)
vim.cmd("Spindled replace saved.txt old -> new")
settled(1)
told.saved = { buffer = text(), modified = vim.bo.modified }

vim.cmd("edit typed.txt")
vim.api.nvim_buf_set_lines(0, 0, 1, true, { "typed" })
vim.cmd("Spindled replace typed.txt typed -> patched")
settled(2)
told.typed = { buffer = text(), modified = vim.bo.modified }
vim.cmd("SpindledUndo")
wait("undo", function() return text() == "typed\nkeep" end)

vim.cmd("1,1Spindled run touch made")
settled(3)
wait("the transcript", function() return #vim.api.nvim_list_wins() > 1 end)
told.windows = vim.tbl_map(function(window)
  return vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(window))
end, vim.api.nvim_list_wins())
local actions = vim.lsp.buf_request_sync(0, "textDocument/codeAction", {
  textDocument = vim.lsp.util.make_text_document_params(),
  range = { start = { line = 0, character = 0 }, ["end"] = { line = 1, character = 0 } },
  context = { diagnostics = {} },
}, 20000)
told.actions = {}
for _, answer in pairs(actions or {}) do
  for _, action in ipairs(answer.result or {}) do table.insert(told.actions, action.title) end
end
vim.fn.writefile({ vim.fn.json_encode(told) }, vim.env.TOLD)
vim.cmd("qall!")
