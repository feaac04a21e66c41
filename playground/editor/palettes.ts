/** Colours of the editor: every text colour has a contrast of at least 4.5 on every background that it may stand on. */

export interface Palette {
  readonly background: string
  readonly line: string
  readonly running: string
  readonly text: string
  readonly comment: string
  readonly keyword: string
  readonly type: string
  readonly distribution: string
  readonly function: string
  readonly argument: string
  readonly number: string
  readonly string: string
  readonly data: string
  readonly param: string
  readonly latent: string
  readonly index: string
  readonly hint: string
  readonly hintBackground: string
  readonly lineNumber: string
  readonly error: string
  readonly warning: string
  readonly selection: string
}

export const light: Palette = {
  background: '#ffffff',
  line: '#f5f7fa',
  running: '#fff1c2',
  text: '#1b1f24',
  comment: '#576070',
  keyword: '#7a1fa2',
  type: '#0b6560',
  distribution: '#0a5aa5',
  function: '#6a4b00',
  argument: '#5b4a8a',
  number: '#8a3b00',
  string: '#1f6b2c',
  data: '#1b1f24',
  param: '#a3123f',
  latent: '#1d6b1d',
  index: '#4a5568',
  hint: '#4a5568',
  hintBackground: '#eef1f5',
  lineNumber: '#616b7a',
  error: '#b3001b',
  warning: '#8a5a00',
  selection: '#cfe3fb',
}

export const dark: Palette = {
  background: '#15181d',
  line: '#1c2027',
  running: '#3d3410',
  text: '#e4e8ee',
  comment: '#a3aebd',
  keyword: '#d9a3f0',
  type: '#6fd0c8',
  distribution: '#84c0f7',
  function: '#e3c27a',
  argument: '#c3b3ef',
  number: '#f0a878',
  string: '#93d39b',
  data: '#e4e8ee',
  param: '#ff9db5',
  latent: '#98dc8f',
  index: '#b5bfcc',
  hint: '#b5bfcc',
  hintBackground: '#242a33',
  lineNumber: '#929dac',
  error: '#ff8a8a',
  warning: '#f0bf5c',
  selection: '#1d3854',
}
