export * from '../../api/charts/format.js'
