/** The language service in a worker, as the playground has it. */
import { createLanguageService, type LanguageRequest } from '../../../compiler/service/language-service.js'

const service = createLanguageService()
const post = (message: unknown): void => (self as unknown as { postMessage(m: unknown): void }).postMessage(message)

self.addEventListener('message', (event) => {
  const { id, request } = (event as MessageEvent<{ id: number; request: LanguageRequest }>).data
  post({ id, answer: service.answer(request) })
})
