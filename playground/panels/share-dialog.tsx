import { useState } from 'preact/hooks'
import type { Controller } from '../session/controller.js'
import { Dialog } from '../ui/dialog.js'
import { copyText } from './download.js'
import { useAnswer } from './use-answer.js'

interface Props {
  readonly controller: Controller
  readonly onClose: () => void
}

export function ShareDialog({ controller, onClose }: Props) {
  const [copied, setCopied] = useState<string | null>(null)
  const link = useAnswer(() => controller.link(), [])
  return (
    <Dialog title="Share" onClose={onClose}>
      <div class="share">
        {link.value !== null && 'message' in link.value && <p class="empty">{link.value.message}</p>}
        {link.value !== null && 'url' in link.value && <Address url={link.value.url} onCopied={setCopied} />}
        <p class="hint" role="status">
          {copied}
        </p>
        <p class="hint">
          The link holds the model, its data and the settings. Who opens it sees them as they are now; nothing runs
          before they press a button, and nothing is kept on a server.
        </p>
      </div>
    </Dialog>
  )
}

function Address({ url, onCopied }: { readonly url: string; readonly onCopied: (text: string) => void }) {
  return (
    <p class="address">
      <input type="text" readOnly aria-label="Link" value={url} onFocus={(e) => e.currentTarget.select()} />
      <button
        type="button"
        class="primary"
        onClick={() =>
          void copyText(url).then((done) =>
            onCopied(done ? 'copied' : 'Select the link and copy it: the browser did not.'),
          )
        }
      >
        Copy
      </button>
    </p>
  )
}
