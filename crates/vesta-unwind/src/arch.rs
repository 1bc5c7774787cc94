//! What differs between processors. Both modules are compiled everywhere, so that neither rots.

#[cfg_attr(not(target_arch = "aarch64"), expect(dead_code, reason = "compiled so that it cannot rot"))]
pub(crate) mod aarch64;
#[cfg_attr(
    target_arch = "aarch64",
    expect(dead_code, unused_imports, reason = "compiled so that it cannot rot")
)]
pub(crate) mod x86_64;

#[cfg(target_arch = "aarch64")]
pub(crate) use aarch64 as native;
#[cfg(not(target_arch = "aarch64"))]
pub(crate) use x86_64 as native;
