/** Models with continuous latents, chains and tails, and the formulas that a lecturer would look for on their pages. */
export const LATENT_PAGES: readonly {
  readonly page: string
  readonly model: string
  readonly formulas: readonly string[]
}[] = [
  {
    page: 'factor-analysis',
    model: 'conformance/models/A34-ability-fa2',
    formulas: [
      'Λ = I + Wᵀ diag(ψ)⁻² W',
      'h_n = Wᵀ diag(ψ)⁻² (x_n − μ)',
      'm_n = V h_n',
      'Λ is the same for all rows: it is factored once in each E-step',
      'E[f_n f_nᵀ] = m_n m_nᵀ + V',
      'log Z_n = −½ ‖m_n‖² − ∑_d log ψ_d',
      '(∑_n E[f_n f_nᵀ]) W_d + μ_d ∑_n E[f_n] = ∑_n x_nd E[f_n]',
    ],
  },
  {
    page: 'correlated-factors',
    model: 'certify/models/correlated-factors',
    formulas: ['Λ = S⁻¹ + Wᵀ diag(ψ)⁻² W', 'W = (∑_n x_n E[f_n]ᵀ) (∑_n E[f_n f_nᵀ])⁻¹', 'S = (∑_n E[f_n f_nᵀ]) / N'],
  },
  {
    page: 'mixture-of-factors',
    model: 'certify/models/mixture-of-factors',
    formulas: [
      'Λ_k = I + W_kᵀ diag(ψ)⁻² W_k',
      'm_nk = V_k h_nk',
      'ρ_nk = π_k Z_nk',
      'E[f_n f_nᵀ | z_n = k] = m_nk m_nkᵀ + V_k',
    ],
  },
  {
    page: 'random-intercepts',
    model: 'conformance/models/A44-orthodont-random-intercept',
    formulas: ['Λ_g = 1 / t² + N_g / s²', 'V_g = 1 / Λ_g', 'Λ_g differs from group to group', 'E[u_g²] = m_g² + V_g'],
  },
  {
    page: 'crossed-intercepts',
    model: 'certify/models/crossed-intercepts',
    formulas: [
      'Λ^uu_gg = 1 / t² + N_g / s²',
      'Λ^uv_gi = (∑_n [subject_n = g and item_n = i]) / s²',
      'cells are one system',
    ],
  },
  {
    page: 'eight-schools',
    model: 'conformance/models/A46-eight-schools-eb',
    formulas: [
      'Λ_j = 1 / τ² + 1 / se_j²',
      'h_j = μ / τ² + y_j / se_j²',
      'm_j = h_j / Λ_j',
      'τ = √((∑_j E[(θ_j − μ)²]) / J)',
    ],
  },
  {
    page: 'nodes-in-classes',
    model: 'certify/models/nodes-in-classes',
    formulas: [
      'a_{z_h}',
      'u_q = û + √2 L z_q',
      'E[f(u)] = sum_q r_q f(u_q)',
      'may fall by the error of the quadrature',
    ],
  },
  {
    page: 'nodes-positive',
    model: 'certify/models/nodes-positive',
    formulas: ['`u` enters through its logarithm', 'log Z_n = log det L + (d/2) log 2'],
  },
  {
    page: 'pumps',
    model: 'conformance/models/A48-pumps-gamma-poisson-eb',
    formulas: [
      'shape_n = a + x_n',
      'rate_n = b + t_n',
      'E[log θ_n] = ψ(shape_n) − log rate_n',
      'E[θ_n] = shape_n / rate_n',
      'b = N a / (∑_n E[θ_n])',
    ],
  },
  {
    page: 'student-t',
    model: 'conformance/models/A31-newcomb-t-free',
    formulas: ['shape_n = ½ (ν + 1)', 'rate_n = ½ ν + (x_n − μ)² / (2 σ²)', 'μ = (∑_n x_n E[u_n]) / (∑_n E[u_n])'],
  },
  {
    page: 'poisson-chain',
    model: 'conformance/models/A27-earthquakes-hmm-k2',
    formulas: [
      'α^pred_ts = ∑_i α_{t−1,i} ψ_tis',
      'α_ts = α^pred_ts e_ts / c_t',
      'P(z_{t−1} = k, z_t = s | data) = α_{t−1,k} ψ_tks r_ts / α^pred_ts',
      'The log-likelihood of the chain is ∑_t log c_t.',
      'start_s = r_1s',
    ],
  },
  {
    page: 'second-order-chain',
    model: 'certify/models/chain-order-2',
    formulas: ['α^pred_tks = ∑_j α_{t−1,s,j} ψ_tjks', 'log ψ_tiks = [t ≥ 3] log step_isk'],
  },
  {
    page: 'local-level',
    model: 'conformance/models/A49-nile-local-level',
    formulas: [
      'Λ_{t,t−1} = −[t > 1] / level_var',
      'block tridiagonal',
      'Kalman filter',
      'Rauch–Tung–Striebel smoother',
      '+ V_tt − 2 V_{t,t−1} + V_{t−1,t−1}',
    ],
  },
  {
    page: 'state-space',
    model: 'certify/models/vector-chain',
    formulas: [
      'Λ_tt = [t = 1] I + [t > 1] Q⁻¹ + [t < T] Aᵀ Q⁻¹ A + Cᵀ diag(r)⁻² C',
      'Λ_{t,t−1} = −[t > 1] Q⁻¹ A',
      'A = (∑_{t=2..T} E[x_t x_{t−1}ᵀ]) (∑_{t=2..T} E[x_{t−1} x_{t−1}ᵀ])⁻¹',
      'C = (∑_t y_t E[x_t]ᵀ) (∑_t E[x_t x_tᵀ])⁻¹',
    ],
  },
  {
    page: 'missing-cells',
    model: 'conformance/models/A38-airquality-mvn-missing',
    formulas: [
      'the missing cells of x',
      'V_n = Λ_n⁻¹ over the missing cells, 0 elsewhere',
      'rows with the same pattern share one factorisation',
      'Σ = (∑_n E[(x_n − μ) (x_n − μ)ᵀ]) / N',
    ],
  },
  {
    page: 'censored-lifetimes',
    model: 'conformance/models/A42-veteran-exp-censored',
    formulas: [
      'this is the log of the probability that an Exponential gives to them',
      'rate = (∑_n [status_n ≠ 0]) / (∑_n time_n)',
    ],
  },
  {
    page: 'censored-normal',
    model: 'certify/models/censored-normal',
    formulas: [
      'log Φ(−(x_n − a) / s)',
      'the distribution function of the standard Normal',
      'the derivative of the tail',
    ],
  },
  {
    page: 'truncated-normal',
    model: 'certify/models/truncated-normal',
    formulas: ['Values outside the bounds are never seen', 'that no family has among its statistics'],
  },
  {
    page: 'joined-two',
    model: 'certify/models/sum-discrete',
    formulas: [
      'τ^u_ni = ∑_{j=1..3} φ^u_nj φ^uv_nji',
      'τ^v_n = ∑_{j=1..2} φ^v_nj τ^u_nj',
      'the log-likelihood has ∑_n log(τ^v_n)',
      'P(v_n = i | data) = φ^v_ni τ^u_ni / τ^v_n',
      'P(u_n = k, v_n = i | data) = φ^u_nk φ^uv_nki P(v_n = i | data) / τ^u_ni',
      'all 0 where the message is 0',
    ],
  },
  {
    page: 'joined-three',
    model: 'certify/models/joined-three',
    formulas: [
      'log φ^uw_njl = −½ log(2 π) − ½ (y_n − m_jl)²',
      'τ^u_nkl = ∑_i φ^u_ni φ^uv_nik φ^uw_nil',
      'τ^v_nl = ∑_i φ^vw_nil τ^u_nil',
      'τ^w_n = ∑_i φ^w_ni τ^v_ni',
      'P(v_n = k, w_n = l | data) = φ^vw_nkl τ^u_nkl P(w_n = l | data) / τ^v_nl',
      'P(u_n = j, v_n = k, w_n = l | data) = φ^u_nj φ^uv_njk φ^uw_njl P(v_n = k, w_n = l | data) / τ^u_nkl',
      'P(u_n = j, w_n = l | data) = ∑_i P(u_n = j, v_n = i, w_n = l | data)',
    ],
  },
  {
    page: 'classes-of-groups',
    model: 'certify/models/nested-classes',
    formulas: [
      'τ^z_gji = ∑_{l=1..2} φ^cz_gjil φ^z_gjl',
      'γ^z_gk = ∏_j τ^z_gjk',
      'P(c_g = k | data) = φ^c_gk γ^z_gk / τ^c_g',
      'P(z_gj = k, c_g = i | data) = φ^cz_gjik φ^z_gjk P(c_g = i | data) / τ^z_gji',
    ],
  },
]
