/** How the editor asks the language service, which runs in a worker. */
import type { LanguageAnswer, LanguageCall, LanguageRequest } from '../../compiler/service/language-service.js'

export interface LanguageClient {
  ask<K extends LanguageCall>(request: LanguageRequest<K>): Promise<LanguageAnswer<K>>
}
