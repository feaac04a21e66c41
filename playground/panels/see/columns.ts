export * from '../../../api/charts/columns.js'
