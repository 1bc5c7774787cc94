//! The profiler's settings as flags: from its list of settings, so that no flag can be forgotten.

use crate::arguments::Arguments;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory};
use vesta_profiling::settings::{Group, SETTINGS, Setting};

/// The flags that were given, as names of settings and values, in the order of the list.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProfilerFlags {
    values: Vec<(String, String)>,
    wants_extended_help: bool,
}

impl ProfilerFlags {
    /// Names of settings and values.
    pub(crate) fn values(&self) -> &[(String, String)] {
        &self.values
    }

    /// Whether `--help-extended` was given.
    pub(crate) fn wants_extended_help(&self) -> bool {
        self.wants_extended_help
    }
}

/// The help of a command with all settings.
pub(crate) fn extended_help(command: &str) -> String {
    let mut all = Arguments::command();
    all.build();
    let Some(found) = all.find_subcommand_mut(command) else { return String::new() };
    let shown = found.clone().mut_args(|argument| {
        let is_negation = argument.get_id().as_str().starts_with("no-");
        argument.hide(is_negation)
    });
    shown.bin_name(format!("vesta {command}")).render_long_help().to_string()
}

impl clap::FromArgMatches for ProfilerFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = ProfilerFlags::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for setting in SETTINGS {
            for value in matches.get_many::<String>(setting.name).into_iter().flatten() {
                self.values.push((setting.name.to_owned(), value.clone()));
            }
            if setting.off.is_some_and(|off| matches.get_flag(off)) {
                self.values.push((setting.name.to_owned(), "off".to_owned()));
            }
        }
        self.wants_extended_help = matches.get_flag("help-extended");
        Ok(())
    }
}

impl clap::Args for ProfilerFlags {
    fn augment_args(command: Command) -> Command {
        let mut command = command;
        for setting in SETTINGS {
            command = command.arg(argument(setting));
            if let Some(off) = setting.off {
                let off = Arg::new(off)
                    .long(off)
                    .action(ArgAction::SetTrue)
                    .overrides_with(setting.name)
                    .hide(true);
                command = command.arg(off);
            }
        }
        command.arg(
            Arg::new("help-extended")
                .long("help-extended")
                .alias("help_extended")
                .action(ArgAction::SetTrue)
                .help("Print help with the settings that are rarely needed"),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn argument(setting: &Setting) -> Arg {
    let mut argument = Arg::new(setting.name)
        .long(setting.name)
        .aliases(setting.aliases)
        .action(ArgAction::Append)
        .allow_hyphen_values(!setting.is_switch())
        .help_heading(setting.group.heading())
        .hide(setting.group == Group::Extended);
    if let Some(short) = setting.short {
        argument = argument.short(short);
    }
    let mut help = setting.help.to_owned();
    let says_default = help.contains("[default");
    if let Some(off) = setting.off {
        help.push_str(&format!(" [default: on; --{off}]"));
    } else if !setting.is_switch() && !setting.default.is_empty() && !says_default {
        help.push_str(&format!(" [default: {}]", setting.default));
    }
    argument = match setting.value {
        Some(name) => argument.value_name(name),
        // On by its name alone; `--timeline=off` is how the environment and files say it.
        None => argument
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("on")
            .value_name("on|off")
            .hide_possible_values(true),
    };
    argument.help(help)
}
