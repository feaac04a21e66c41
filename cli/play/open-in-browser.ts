import { spawn } from 'node:child_process'
import { platform } from 'node:process'

/** Asks the system to open an address; where it cannot, the address has been printed. */
export function openInBrowser(url: string): void {
  const [command, args] =
    platform === 'darwin'
      ? (['open', [url]] as const)
      : platform === 'win32'
        ? (['cmd', ['/c', 'start', '', url]] as const)
        : (['xdg-open', [url]] as const)
  try {
    const child = spawn(command, args, { detached: true, stdio: 'ignore' })
    child.on('error', () => {})
    child.unref()
  } catch {
    // nothing opens addresses here
  }
}
