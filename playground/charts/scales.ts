export * from '../../api/charts/scales.js'
