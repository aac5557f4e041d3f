;;; spindled.el --- spindled through Eglot, in Emacs 28 and later  -*- lexical-binding: t; -*-

;; Load this file, then M-x eglot in a project.  M-x spindled-ask asks the agent, about the region if it is active;
;; M-x spindled-undo takes its last edits back.  Fixes, explanations and refactorings: M-x eglot-code-actions.

(require 'cl-lib)
(require 'eglot)

(defvar spindled-command '("spindled" "lsp") "The language server's command line.")

(add-to-list 'eglot-server-programs
             (cons '(prog-mode text-mode) (lambda (&rest _) spindled-command)))

;; Its edits come after you allowed them; Eglot need not ask again.
(setq eglot-confirm-server-initiated-edits nil)

(defun spindled--execute (command argument)
  (jsonrpc-async-request (eglot-current-server) :workspace/executeCommand
                         (list :command command :arguments (vector argument))
                         :success-fn #'ignore
                         :error-fn (lambda (failure) (message "spindled: %s" (plist-get failure :message)))))

(defun spindled-ask (text)
  "Ask the agent TEXT, about the region if it is active."
  (interactive "sAsk the agent: ")
  (spindled--execute
   "spindled.ask"
   (append (list :text text)
           (when (use-region-p)
             (list :uri (plist-get (eglot--TextDocumentIdentifier) :uri)
                   :range (list :start (eglot--pos-to-lsp-position (region-beginning))
                                :end (eglot--pos-to-lsp-position (region-end))))))))

(defun spindled-undo ()
  "Take the agent's last edits back."
  (interactive)
  (spindled--execute "spindled.undo" eglot--{}))

;; What was saved before an edit is saved after it, so that the agent's commands see the edit, too.
(cl-defmethod eglot-handle-request :around
  ((_server eglot-lsp-server) (_method (eql workspace/applyEdit)) &key edit &allow-other-keys)
  (let* ((files (mapcar (lambda (change)
                          (eglot--uri-to-path (plist-get (plist-get change :textDocument) :uri)))
                        (plist-get edit :documentChanges)))
         (buffers (delq nil (mapcar #'find-buffer-visiting files)))
         (saved (cl-remove-if #'buffer-modified-p buffers))
         (answer (cl-call-next-method)))
    (dolist (buffer buffers answer)
      (with-current-buffer buffer
        (if (memq buffer saved) (save-buffer) (eglot--signal-textDocument/didChange))))))

(provide 'spindled)
