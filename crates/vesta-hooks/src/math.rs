//! Logarithm and exponential, which `core` does not have.

/// The natural logarithm of a positive, normal number; relative error below 1e-14 away from 1.
pub(crate) fn ln(value: f64) -> f64 {
    // value = 2^exponent * mantissa with the mantissa in [sqrt(1/2), sqrt(2)).
    let bits = value.to_bits();
    let mut exponent = ((bits >> 52) as i64) - 1023;
    let mut mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    if mantissa > core::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    // ln m = 2 artanh((m - 1) / (m + 1)), where the argument is below 0.172: 11 terms leave less than 1e-18.
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let mut sum = 0.0;
    let mut divisor = 21.0;
    while divisor > 0.0 {
        sum = sum * square + 1.0 / divisor;
        divisor -= 2.0;
    }
    2.0 * ratio * sum + exponent as f64 * core::f64::consts::LN_2
}

/// 1 - exp(-value) for a value that is not negative, exact for small values too.
pub(crate) fn one_minus_exp_minus(value: f64) -> f64 {
    if value > 40.0 {
        return 1.0;
    }
    if value < 0.1 {
        // The series itself, since a difference of two numbers near 1 has few digits left.
        let mut sum = 0.0;
        let mut divisor = 10.0;
        while divisor > 1.0 {
            sum = value / divisor * (1.0 - sum);
            divisor -= 1.0;
        }
        return value * (1.0 - sum);
    }
    // exp(-value) = exp(-value / 512)^512: a series of a number below 0.08, squared nine times.
    let small = -value / 512.0;
    let mut sum = 1.0;
    let mut divisor = 12.0;
    while divisor > 0.0 {
        sum = 1.0 + small / divisor * sum;
        divisor -= 1.0;
    }
    for _ in 0..9 {
        sum *= sum;
    }
    1.0 - sum
}

/// A small generator of random numbers, enough for sampling: splitmix64.
pub(crate) fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// A number in (0, 1].
pub(crate) fn uniform(state: &mut u64) -> f64 {
    ((random(state) >> 11) + 1) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// The number of whole units before the next sample of a Poisson process: something of size `s` is sampled when
/// `s > gap`, so with probability 1 - exp(-s / mean).
pub(crate) fn gap(state: &mut u64, mean: f64) -> u64 {
    (-ln(uniform(state)) * mean) as u64
}

/// How many things of this size a sampled one stands for.
pub(crate) fn weight(size: f64, mean: f64) -> f64 {
    1.0 / one_minus_exp_minus(size / mean)
}

#[cfg(all(test, not(vesta_preload)))]
mod tests {
    use super::*;

    #[test]
    fn logarithm_and_exponential_agree_with_those_of_std() {
        let mut state = 7;
        for _ in 0..100_000 {
            let value = uniform(&mut state);
            assert!((ln(value) - value.ln()).abs() <= 1e-13 * value.ln().abs().max(1e-3), "{value}");
            let wide = value * 50.0;
            for value in [value, wide, value * 1e-9, value * 0.2] {
                let want = -(-value).exp_m1();
                assert!((one_minus_exp_minus(value) - want).abs() <= 1e-12 * want, "{value}");
            }
        }
        assert!(ln(1.0).abs() < f64::EPSILON);
        assert!((ln(f64::MIN_POSITIVE) - f64::MIN_POSITIVE.ln()).abs() < 1e-10);
    }

    #[test]
    fn weights_of_sampled_sizes_add_up_to_what_was_there() {
        const MEAN: f64 = 524_288.0;
        let mut state = 42;
        for size in [16u64, 1_000, 100_000, 524_288, 3_000_000] {
            let count = (400_000_000 / size.min(1 << 20)).max(100_000) * 4;
            let mut left = gap(&mut state, MEAN);
            let (mut bytes, mut objects, mut samples) = (0.0, 0.0, 0u32);
            for _ in 0..count {
                if size > left {
                    left = gap(&mut state, MEAN);
                    bytes += size as f64 * weight(size as f64, MEAN);
                    objects += weight(size as f64, MEAN);
                    samples += 1;
                } else {
                    left -= size;
                }
            }
            // Six standard deviations of a sum of that many samples.
            let margin = 6.0 / f64::from(samples).sqrt();
            assert!((objects / count as f64 - 1.0).abs() < margin, "{size}: {objects} of {count}");
            assert!((bytes / (count * size) as f64 - 1.0).abs() < margin, "{size}: {bytes}");
        }
    }
}
