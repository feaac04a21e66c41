/** The pages of the examples: headings, paragraphs, tables, code and emphasis, as nodes of text. */
import type { ComponentChildren } from 'preact'
import { type Block, blocksOf } from './markdown-blocks.js'

export function Markdown({ text }: { readonly text: string }) {
  return <>{blocksOf(text).map((block, i) => render(block, i))}</>
}

function render(block: Block, key: number) {
  switch (block.kind) {
    case 'heading':
      return <h3 key={key}>{inline(block.text)}</h3>
    case 'paragraph':
      return <p key={key}>{inline(block.text)}</p>
    case 'code':
      return <pre key={key}>{block.text}</pre>
    case 'list':
      return (
        <ul key={key}>
          {block.items.map((item) => (
            <li key={item}>{inline(item)}</li>
          ))}
        </ul>
      )
    case 'table':
      return (
        <div class="scroll" key={key}>
          <table>
            <thead>
              <tr>
                {block.head.map((cell) => (
                  <th key={cell}>{inline(cell)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row) => (
                <tr key={row.join('|')}>
                  {row.map((cell, i) => (
                    <td key={block.head[i]}>{inline(cell)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )
  }
}

/** Code between backticks, words between asterisks; links are their words. */
function inline(text: string): ComponentChildren {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|!?\[[^\]]*\]\([^)]*\))/).map((part) => {
    if (part.startsWith('`')) return <code key={part}>{part.slice(1, -1)}</code>
    if (part.startsWith('**')) return <strong key={part}>{part.slice(2, -2)}</strong>
    const link = /^!?\[([^\]]*)\]/.exec(part)
    return link === null ? part : link[1]
  })
}
