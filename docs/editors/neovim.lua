-- spindled in Neovim 0.7 and later: `:luafile` this file from init.lua, or copy it there.
-- :Spindled TEXT asks the agent, about the selected lines if there are any; :SpindledUndo takes its last edits back.
-- Fixes, explanations and refactorings are code actions: vim.lsp.buf.code_action().

local capabilities = vim.lsp.protocol.make_client_capabilities()
capabilities.workspace.workspaceEdit.documentChanges = true
capabilities.window.showDocument = { support = true }

local handlers = {}

-- What was saved before an edit is saved after it, so that the agent's commands see the edit, too.
handlers["workspace/applyEdit"] = function(err, params, ctx, config)
  local saved = {}
  for _, change in ipairs(params.edit.documentChanges or {}) do
    local buffer = vim.uri_to_bufnr(change.textDocument.uri)
    if not vim.api.nvim_buf_get_option(buffer, "modified") then
      table.insert(saved, buffer)
    end
  end
  local answer = vim.lsp.handlers["workspace/applyEdit"](err, params, ctx, config)
  for _, buffer in ipairs(saved) do
    vim.api.nvim_buf_call(buffer, function() vim.cmd("silent update") end)
  end
  return answer
end

handlers["window/showDocument"] = function(_, params)
  vim.cmd("split " .. vim.fn.fnameescape(vim.uri_to_fname(params.uri)))
  if not params.takeFocus then
    vim.cmd("wincmd p")
  end
  return { success = true }
end

local client

local function attach(buffer)
  client = client or vim.lsp.start_client({
    name = "spindled",
    cmd = vim.g.spindled_command or { "spindled", "lsp" },
    root_dir = vim.fn.getcwd(),
    capabilities = capabilities,
    handlers = handlers,
  })
  if client then
    vim.lsp.buf_attach_client(buffer, client)
  end
end

vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile" }, {
  callback = function(event) attach(event.buf) end,
})

local function execute(command, argument)
  attach(0)
  vim.lsp.buf_request(0, "workspace/executeCommand", { command = command, arguments = { argument } })
end

vim.api.nvim_create_user_command("Spindled", function(options)
  local argument = { text = options.args }
  if options.range > 0 then
    argument.uri = vim.uri_from_bufnr(0)
    argument.range = {
      start = { line = options.line1 - 1, character = 0 },
      ["end"] = { line = options.line2, character = 0 },
    }
  end
  execute("spindled.ask", argument)
end, { nargs = 1, range = true })

vim.api.nvim_create_user_command("SpindledUndo", function() execute("spindled.undo", vim.empty_dict()) end, {})
