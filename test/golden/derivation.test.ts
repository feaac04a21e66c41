/** The pages of the classic models, whole; and the formulas that a lecturer would look for on them. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { derivationDocument, planJson } from '../../compiler/derivation/index.js'
import { schemaProblems } from '../runtime/json-schema.js'
import { deriveExample, deriveModel } from '../support/derive.js'
import { LATENT_PAGES } from './latent-pages.js'

const PAGES: readonly { readonly example: string; readonly formulas: readonly string[] }[] = [
  {
    example: 'grades/plain',
    formulas: ['μ = (b + c) / (6 (b + c + d))', 'there is no E-step, and one closed-form M-step'],
  },
  { example: 'grades/hidden', formulas: ['E[b] = h · μ / (μ + ½)', 'μ = (E[b] + c) / (6 (E[b] + c + d))'] },
  { example: 'grades-second/hidden', formulas: ['θ = c / (2 (c + E[b]))'] },
  {
    example: 'old-faithful/spherical',
    formulas: [
      'r_nk = ρ_nk / (∑_l ρ_nl)',
      'N_k = ∑_n r_nk',
      'N_k / π_k = λ',
      'π_k = N_k / N',
      'μ_k = (∑_n r_nk x_n) / N_k',
      'σ_k = √((∑_n r_nk ‖x_n − μ_k‖²) / (D N_k))',
      'log L(θ_t) = ELBO(q, θ_t) ≤ ELBO(q, θ_{t+1}) ≤ log L(θ_{t+1})',
    ],
  },
  { example: 'old-faithful/diagonal', formulas: ['σ_kd = √((∑_n r_nk (x_nd − μ_kd)²) / N_k)'] },
  {
    example: 'old-faithful/full',
    formulas: [
      '(x_n − μ_k)ᵀ Σ_k⁻¹ (x_n − μ_k)',
      'Σ_k = (∑_n r_nk (x_n − μ_k) (x_n − μ_k)ᵀ) / N_k',
      'K + K D + ½ K D (D + 1) − 1 free parameters as declared',
    ],
  },
  { example: 'old-faithful/tied', formulas: ['Σ = (∑_n ∑_k r_nk (x_n − μ_k) (x_n − μ_k)ᵀ) / N'] },
  { example: 'survey/categories', formulas: ['ρ_nk = π_k ∏_j θ_{k,j,y_nj}', 'θ_kjl = (∑_n r_nk [y_nj = l]) / N_k'] },
  {
    example: 'map-mixture/model',
    formulas: [
      'π_k = (N_k + 1) / (N + K)',
      'μ_k = (N_k Σ_k⁻¹ + 0.01 I)⁻¹ Σ_k⁻¹ ∑_n r_nk x_n',
      'Σ_k = (I + ∑_n r_nk (x_n − μ_k) (x_n − μ_k)ᵀ) / (2 D + N_k + 3)',
      'maximised in turn (ECM',
    ],
  },
  { example: 'map-mixture/conjugate', formulas: ['μ_k = (κ m_0 + ∑_n r_nk x_n) / (κ + N_k)'] },
  {
    example: 'blood-groups/abo-counts',
    formulas: ['E[AA] = A · f_1² / (f_1² + 2 f_1 f_3)', 'f_1 = (2 E[AA] + E[AO] + AB) / (2 (AB + O + A + B))'],
  },
  { example: 'blood-groups/abo-people', formulas: ['f_1 = (2 N_1 + N_2 + N_5) / (2 N)'] },
  {
    example: 'latent-dirichlet/model',
    formulas: [
      'q(topics_of, z) = q(topics_of) q(z)',
      'log ρ_nk = E[log topics_of_{doc_n,k}] + log words_of_{k,word_n}',
      'ELBO = E_q[log p(x, z)] + Σ_B H(q_B) ≤ log p(x)',
      'ELBO(q_t, θ_t) ≤ ELBO(q_t, θ_{t+1}) ≤ ELBO(q_{t+1}, θ_{t+1}) ≤ log L(θ_{t+1})',
    ],
  },
  {
    example: 'face-pose/model',
    formulas: ['q(a, b, tx, ty, c, d) = q(a, b, tx, ty) q(c, d)'],
  },
  {
    example: 'topics/model',
    formulas: [
      'topics_of_lk = (∑_n n_{times,n} r_nk [doc_n = l])',
      'words_of_kl = (∑_n n_{times,n} r_nk [word_n = l])',
    ],
  },
  {
    example: 'dawid-skene/model',
    formulas: ['prior_k = N_k / L_item', 'confusion_lki = (∑_n r_{item_n,k} [rater_n = l and label_n = i])', '∏_n'],
  },
  {
    example: 'iris/quadratic',
    formulas: ['π_l = N_l / N', 'N_l = ∑_n [y_n = l]', 'Σ_l = (∑_n [y_n = l] (x_n − μ_l) (x_n − μ_l)ᵀ) / N_l'],
  },
  { example: 'zero-inflated/model', formulas: ['p = N_1 / N', 'λ = (∑_n r_n0 art_n) / N_0'] },
  {
    example: 'regressions/lines-unequal',
    formulas: ['N_k intercept_k + slope_k ∑_n r_nk gnp_n = ∑_n r_nk co2_n', '(co2_n − intercept_k − slope_k gnp_n)²'],
  },
  {
    example: 'switching/model',
    formulas: [
      'β_k = (∑_n r_nk x_n x_nᵀ)⁻¹ ∑_n r_nk y_n x_n',
      'damped Newton steps',
      '∂Q/∂G_kp = ∑_n x_np (r_nk − exp(G_kᵀ x_n) / (∑_j exp(G_jᵀ x_n)))',
    ],
  },
  {
    example: 'patents/experts',
    formulas: [
      '∑_n ∑_k r_nk (patents_n (a_k + b_k lgrd_n) − exp(a_k + b_k lgrd_n))',
      '∂Q/∂a_k = ∑_n r_nk (patents_n − exp(a_k + b_k lgrd_n))',
      '∂Q/∂b_k = ∑_n r_nk lgrd_n (patents_n − exp(a_k + b_k lgrd_n))',
      'family-mode (beta, generalised-gamma, normal), symbolic-stationarity: some of its terms do not',
    ],
  },
]

describe('derivations of the examples', () => {
  for (const { example, formulas } of PAGES)
    it(example, async () => {
      const page = derivationDocument(deriveExample(example))
      const text = page.toText()
      for (const f of formulas) expect(text).toContain(f)
      const file = `derivation/${example.replace('/', '-')}`
      await expect(text).toMatchFileSnapshot(`${file}.txt`)
      await expect(page.toMarkdown()).toMatchFileSnapshot(`${file}.md`)
      await expect(page.toLatex({ fragment: true })).toMatchFileSnapshot(`${file}.tex`)
    })

  for (const { page, model, formulas } of LATENT_PAGES)
    it(page, async () => {
      const made = derivationDocument(deriveModel(model))
      const text = made.toText()
      const unbroken = text.replaceAll(/\s+/g, ' ')
      for (const f of formulas) expect(unbroken).toContain(f)
      await expect(text).toMatchFileSnapshot(`derivation/${page}.txt`)
      await expect(made.toMarkdown()).toMatchFileSnapshot(`derivation/${page}.md`)
      await expect(made.toLatex({ fragment: true })).toMatchFileSnapshot(`derivation/${page}.tex`)
    })

  it('of a chain in hard mode is the recursion of the best path', () => {
    const hard = (model: string): string =>
      derivationDocument(deriveModel(model, { product: 'max' }))
        .toText()
        .replaceAll(/\s+/g, ' ')
    const chain = hard('certify/models/chain-poisson')
    for (const f of [
      'α^pred_ts = max_i α_{t−1,i} ψ_tis',
      'c_t = max_i α^pred_ti e_ti',
      'z_T = argmax_s α_Ts',
      'z_{t−1} = argmax_k α_{t−1,k} ψ_{t,k,z_t}',
    ])
      expect(chain).toContain(f)
    expect(chain).not.toContain('smoother')
    const second = hard('certify/models/chain-order-2')
    expect(second).toContain('(z_T, z_{T−1}) = argmax_{k, s} α_Tks')
    expect(second).toContain('z_{t−2} = argmax_i α_{t−1,z_{t−1},i} ψ_{t,i,z_t,z_{t−1}}')
  })

  it('of latents that depend on one another in hard mode has a maximum where EM has a sum, traced back', () => {
    const hard = derivationDocument(deriveModel('certify/models/joined-three', { product: 'max' })).toText()
    expect(hard).toContain('τ^u_nkl = max_i φ^u_ni φ^uv_nik φ^uw_nil')
    expect(hard).toContain('w_n = argmax_l φ^w_nl τ^v_nl')
    expect(hard).toContain('u_n = argmax_j φ^u_nj φ^uv_{n,j,v_n} φ^uw_{n,j,w_n}')
  })

  it('has no internal names, and no line wider than a terminal', () => {
    const pages = [...PAGES.map((p) => deriveExample(p.example)), ...LATENT_PAGES.map((p) => deriveModel(p.model))]
    for (const derivation of pages) {
      const text = derivationDocument(derivation).toText()
      expect(text).not.toMatch(/size:|const:|\[object|undefined|NaN|\bs_\d|\bp\d\b|block \d|natural |reference /)
      expect(text).not.toMatch(/[+−] −|− \+|· 1 \/ 1|\b1 · /)
      for (const line of text.split('\n')) expect([...line].length).toBeLessThanOrEqual(100)
    }
  })
})

describe('the plan of a fit', () => {
  it('states the updates in the names of the model', () => {
    const update = (example: string, param: string): string | undefined =>
      planJson(deriveExample(example)).mStep.find((s) => s.params.includes(param))?.update
    expect(update('grades/plain', 'mu')).toBe('mu = (b + c) / (6 (b + c + d))')
    expect(update('grades/hidden', 'mu')).toBe('mu = (b + c) / (6 (b + c + d))')
    expect(update('old-faithful/full', 'Sigma')).toBe('Sigma_k = (∑_n r_nk (x_n − mu_k) (x_n − mu_k)ᵀ) / N_k')
  })

  it('says what stands for a posterior mean, and what was declined', () => {
    const plan = planJson(deriveExample('grades/hidden'))
    expect(plan.mStep[0]?.where).toEqual(['b: its posterior mean'])
    expect(plan.eStep[0]).toMatchObject({ latents: ['a', 'b'], method: 'multinomial-split' })
    const gate = planJson(deriveExample('switching/model')).mStep.find((s) => s.params.includes('G'))
    expect(gate).toMatchObject({ closedForm: false, exact: 'ascent' })
    expect(gate?.declined.length).toBeGreaterThan(3)
    expect(gate?.update).toBe('no closed form: Newton steps on its part of Q (multinomial logit)')
  })

  it('names how each block of latents is integrated out, over what, and at what cost', () => {
    const eStep = (model: string) => planJson(deriveModel(model)).eStep
    expect(eStep('certify/models/mixture-of-factors')[0]).toMatchObject({
      latents: ['f'],
      method: 'gaussian',
      family: 'Normal',
      given: ['z'],
      across: [],
      factorisation: 'all rows',
      cost: { time: 'K Q³ + N K Q²', memory: 'K Q² + N K Q' },
    })
    expect(eStep('conformance/models/A38-airquality-mvn-missing')[0]).toMatchObject({
      latents: ['x'],
      factorisation: 'rows with the same cells observed',
      cost: { time: 'patterns D³ + N D²' },
    })
    expect(eStep('certify/models/crossed-intercepts')[0]).toMatchObject({
      latents: ['u', 'v'],
      method: 'sparse-gaussian',
      across: ['g', 'i'],
      factorisation: 'all cells',
    })
    expect(eStep('certify/models/vector-chain')[0]).toMatchObject({
      across: ['t'],
      cost: { time: '8 T', memory: '4 T' },
    })
    expect(eStep('certify/models/gamma-classes')[0]).toMatchObject({
      method: 'conjugate',
      family: 'Gamma',
      given: ['z'],
    })
    expect(eStep('certify/models/chain-mixture')[0]).toMatchObject({
      latents: ['z'],
      method: 'forward-backward',
      given: ['c'],
      across: ['t'],
      cost: { time: 'sum(T) S² K', memory: '3 sum(T) S K' },
    })
  })

  it('has the form that the schema of fit files publishes', () => {
    const schema = JSON.parse(readFileSync(new URL('../../docs/fit.schema.json', import.meta.url), 'utf8'))
    const plans = [...PAGES.map((p) => deriveExample(p.example)), ...LATENT_PAGES.map((p) => deriveModel(p.model))].map(
      (d) => planJson(d),
    )
    for (const plan of plans) expect(schemaProblems(schema.properties.plan, plan)).toEqual([])
    expect(schemaProblems(schema.properties.plan, { eStep: [{ latents: ['z'] }], mStep: [] })).not.toEqual([])
  })

  it('has no E-step where there are no latents', () => {
    expect(planJson(deriveExample('grades/plain')).eStep).toEqual([])
    expect(planJson(deriveExample('iris/quadratic')).eStep).toEqual([])
  })
})
