//! Names of kernel functions, from `/proc/kallsyms`.

use crate::proc_files::{ProcFiles, read_bounded};

/// The most that is read: 250,000 symbols have some 12 MiB.
const MAXIMUM_BYTES: u64 = 64 << 20;

/// The functions of the kernel and its modules, by address.
#[derive(Debug, Default)]
pub(crate) struct KernelSymbols {
    /// Address, and where in `text` the name is.
    functions: Vec<(u64, u32, u16)>,
    /// Names, each with its module: `name` or `name\t[module]`.
    text: String,
}

impl KernelSymbols {
    /// Whether this process gets to see addresses: without `CAP_SYSLOG` all are 0.
    pub(crate) fn are_readable(proc: &ProcFiles) -> bool {
        let Ok(text) = read_bounded(&proc.system("kallsyms"), 4096) else { return false };
        text.split(|&byte| byte == b'\n').any(|line| {
            line.len() > 16 && line.get(..16).is_some_and(|digits| digits.iter().any(|&digit| digit != b'0'))
        })
    }

    pub(crate) fn read(proc: &ProcFiles) -> KernelSymbols {
        let text = read_bounded(&proc.system("kallsyms"), MAXIMUM_BYTES).unwrap_or_default();
        KernelSymbols::parse(&String::from_utf8_lossy(&text))
    }

    fn parse(text: &str) -> KernelSymbols {
        let mut symbols = KernelSymbols::default();
        for line in text.lines() {
            symbols.add(line);
        }
        // Of several names at one address the first is as good as any; kallsyms has them in the linker's order.
        symbols.functions.sort_by_key(|(address, ..)| *address);
        symbols.functions.dedup_by_key(|(address, ..)| *address);
        symbols.functions.shrink_to_fit();
        symbols.text.shrink_to_fit();
        symbols
    }

    fn add(&mut self, line: &str) -> Option<()> {
        let (address, rest) = line.split_once(' ')?;
        let (kind, name) = rest.split_once(' ')?;
        let address = u64::from_str_radix(address, 16).ok()?;
        if address == 0 || !matches!(kind, "t" | "T" | "w" | "W") {
            return None;
        }
        let at = u32::try_from(self.text.len()).ok()?;
        let length = u16::try_from(name.len()).ok()?;
        self.text.push_str(name);
        self.functions.push((address, at, length));
        Some(())
    }

    /// The function with this address, and the kernel module it is in.
    pub(crate) fn find(&self, address: u64) -> Option<(&str, Option<&str>)> {
        let at = self.functions.partition_point(|(start, ..)| *start <= address).checked_sub(1)?;
        let (_, at, length) = *self.functions.get(at)?;
        let text = self.text.get(at as usize..at as usize + usize::from(length))?;
        match text.split_once('\t') {
            Some((name, module)) => Some((name, Some(module.trim_matches(['[', ']'])))),
            None => Some((text, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_addresses_have_the_name_of_the_function_before_them() {
        let symbols = KernelSymbols::parse(
            "ffffffff81000000 T _text\nffffffff81000100 t do_work\nffffffff81000180 d data\n\
             ffffffffc0000000 t ext4_read\t[ext4]\n0000000000000000 A hidden\nbroken\n",
        );
        assert_eq!(symbols.find(0xffff_ffff_8100_0190), Some(("do_work", None)));
        assert_eq!(symbols.find(0xffff_ffff_c000_0010), Some(("ext4_read", Some("ext4"))));
        assert_eq!(symbols.find(0x1000), None);
    }
}
