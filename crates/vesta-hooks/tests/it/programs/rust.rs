// Rust's default allocator: allocate, zeroed, grow, over-aligned.
#[repr(align(4096))]
#[derive(Clone, Copy)]
struct Page {
    _bytes: [u8; 4096],
}

fn main() {
    let first: Vec<u8> = Vec::with_capacity(3_000_001);
    let zeroed = vec![0u8; std::hint::black_box(3_000_002)];
    let mut grown: Vec<u8> = Vec::with_capacity(100);
    grown.extend_from_slice(b"something");
    grown.reserve_exact(3_000_003 - grown.len());
    let aligned: Vec<Page> = Vec::with_capacity(733);
    let text = std::thread::spawn(|| String::with_capacity(3_000_005)).join().unwrap();
    std::hint::black_box((&first, &zeroed, &grown, &aligned, &text));
    std::mem::forget(text);
}
