declare module 'virtual:opening' {
  export const opening: import('./types.js').Opening
}
