//! The terminal.

use super::table::Shown;
use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::style::{Attribute, Print, SetAttribute};
use crossterm::terminal::{self, Clear, ClearType};
use crossterm::{cursor, execute, queue};
use std::io::{self, Stdout, Write};
use std::time::Duration;

/// What somebody typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A character.
    Key(char),
    /// The last character was a mistake.
    Erase,
    /// Done.
    Enter,
    /// Never mind.
    Escape,
    /// Ctrl-C.
    Interrupt,
    /// The window has another size.
    Resize,
}

/// A terminal in full screen. Dropping it gives the terminal back as it was.
pub(super) struct Screen {
    output: Stdout,
}

const KEYS: &str = "q quit  p pause  s sort by self or total  / filter  Esc clears it";

impl Screen {
    /// Takes the terminal. A panic gives it back as well, so that its message can be read.
    pub(super) fn open() -> io::Result<Screen> {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
        terminal::enable_raw_mode()?;
        let mut screen = Screen { output: io::stdout() };
        execute!(screen.output, terminal::EnterAlternateScreen, cursor::Hide)?;
        Ok(screen)
    }

    /// Draws the view. What is there is written over, not cleared first, so that nothing flickers.
    pub(super) fn draw(&mut self, shown: &Shown) -> io::Result<()> {
        let (width, height) = terminal::size()?;
        let rows = usize::from(height.saturating_sub(1));
        queue!(self.output, terminal::BeginSynchronizedUpdate, cursor::MoveTo(0, 0))?;
        for (index, line) in shown.lines(rows, usize::from(width)).iter().enumerate() {
            if index == 2 {
                queue!(self.output, SetAttribute(Attribute::Bold))?;
            }
            queue!(self.output, Print(line), SetAttribute(Attribute::Reset), Clear(ClearType::UntilNewLine))?;
            queue!(self.output, cursor::MoveToNextLine(1))?;
        }
        let help: String = KEYS.chars().take(usize::from(width)).collect();
        queue!(
            self.output,
            Clear(ClearType::FromCursorDown),
            cursor::MoveTo(0, height.saturating_sub(1)),
            SetAttribute(Attribute::Dim),
            Print(help),
            SetAttribute(Attribute::Reset),
            terminal::EndSynchronizedUpdate
        )?;
        self.output.flush()
    }

    /// The next thing that was typed, waited for no longer than this.
    pub(super) fn input(&self, wait: Duration) -> io::Result<Option<Input>> {
        if !event::poll(wait)? {
            return Ok(None);
        }
        Ok(match event::read()? {
            Event::Resize(..) => Some(Input::Resize),
            Event::Key(key) if key.kind != KeyEventKind::Release => match key.code {
                KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    Some(Input::Interrupt)
                }
                KeyCode::Char(character) => Some(Input::Key(character)),
                KeyCode::Backspace => Some(Input::Erase),
                KeyCode::Enter => Some(Input::Enter),
                KeyCode::Esc => Some(Input::Escape),
                _ => None,
            },
            _ => None,
        })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    let _ = execute!(io::stdout(), cursor::Show, terminal::LeaveAlternateScreen);
    let _ = terminal::disable_raw_mode();
}
