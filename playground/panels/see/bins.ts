export * from '../../../api/charts/bins.js'
