export * from '../../api/charts/palette.js'
