"""Everything that can be wrong, each with a code, its values and one English sentence.

    UnrollError
    ├── BadInput          the person's text, settings or file: exit code 2
    │   ├── ConfigError     one or more settings; carries every problem, not the first
    │   ├── CorpusError     the text: empty, too short, not text, cannot be fetched
    │   └── RunError        the run folder: missing, locked, damaged, of another version
    └── Diverged          the loss stopped being a number: exit code 3

The core speaks no UI language: `str(error)` is the English sentence (a shell and a notebook show
it), the page translates by `code` and `values`. `SENTENCES` is the whole list, and a test holds the
translations to it, placeholders included. A placeholder with the name of a setting stands for that
setting: its own name in a shell, its label on a page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

SENTENCES: dict[str, str] = {
    # settings
    "config.too_small": "{field} is {value}, but must be at least {limit}.",
    "config.too_large": "{field} is {value}, but must be at most {limit}.",
    "config.not_a_choice": "{field} is {value}; choose one of {choices}.",
    "config.not_a_number": "{field} is {value}, which is not a finite number.",
    "config.not_whole": "{field} is {value}, but must be a whole number.",
    "config.no_stop": "Set {max_steps} or {max_seconds} above 0, so that the run can end.",
    "config.random_carries": "Random windows start from an empty state, so {carry_length} must be "
    "0 and {backprop_length} at most {sequence_length}. Choose carried windows to carry the state.",
    "config.tied_sizes": "Tied weights need {embedding} ({value}) and {hidden} ({limit}) to be "
    "equal. Make them equal or untie the weights.",
    "config.tied_adaptive": "The adaptive softmax has output weights of its own, which cannot be "
    "tied. Choose the full softmax or untie the weights.",
    "config.adaptive_loss": "The adaptive softmax only knows plain cross-entropy. Choose the full "
    "softmax, or cross-entropy without label smoothing.",
    "config.mse_smoothing": "Label smoothing belongs to cross-entropy. Set it to 0 or choose "
    "cross-entropy.",
    "config.identity_cell": "The identity start is for the vanilla RNN; {value} has gates. Choose "
    "another start or the RNN.",
    "config.bpe_vocabulary": "Byte-level BPE begins with {limit} bytes, so {max_vocabulary} cannot "
    "be {value}. Make it {limit} or more, or choose another kind of {tokenizer}.",
    "config.marks_vocabulary": "Beside the two marks something has to have an id, so "
    "{max_vocabulary} cannot be {value}. Make it {limit} or more, or choose no {marks}.",
    "config.marks_division": "Divided by line, a text has no paragraphs left to put {marks} "
    "around. Mark lines, or choose another {division}.",
    "config.pretrained_one_hot": "Vectors that were made before need an embedding to go into, but "
    "{embedding} is 0 (one-hot). Set it above 0, or let the embedding begin from scratch.",
    "config.no_vectors": "The embedding is to begin with the vectors of a file, but none is "
    "chosen. Choose one under {vectors}, or let the embedding begin from scratch.",
    "config.frozen_tied": "Tied weights are those of the output layer, too, so they cannot be "
    "frozen. Untie the weights, or train the embedding.",
    "config.vectors_unused": "{vectors} names a table, but {embedding_source} is {value}. Choose "
    "file there, or name no table.",
    "config.vectors_size": "{name} has {value} numbers for each word, but {embedding} is {limit}. "
    "Set it to {value}, or choose another table.",
    "config.stop_needs_validation": "{target_loss} and {patience} look at the validation loss, "
    "but nothing is held out. Set {validation_share} above 0.",
    "config.fork_fixed": "{field} cannot change in a fork, because the weights of the other run "
    "fit only its own. Start a new run for that.",
    "config.fork_ended": "The fork begins at step {step}, after {seconds} s of training, where "
    "these limits have already been reached. Set {max_steps} and {max_seconds} above that, "
    "or to 0.",
    "config.unknown_field": "There is no setting called {field}. Remove it from the settings.",
    "config.schema": "These settings have schema {value}; this version reads up to {limit}. "
    "Update Unroll.",
    "config.not_json": "The settings cannot be read as JSON. Choose another file.",
    "config.model_too_large": "This model needs about {value} MB of memory; the limit is "
    "{limit} MB. Make {hidden}, {layers}, {batch} or {sequence_length} smaller.",
    "config.cuda_not_built": "This PyTorch was built without CUDA, so {value} cannot be used. "
    "Choose cpu.",
    "config.cuda_no_gpu": "No NVIDIA GPU was found, so {value} cannot be used. Choose cpu.",
    "config.mps_no_gpu": "The device {value} needs a Mac with Apple silicon. Choose cpu.",
    "config.bf16_missing": "This processor cannot train with bfloat16. Choose fp32.",
    # text
    "corpus.unknown": "There is no text called {value}. Choose one of {choices}, a file, or "
    "hf:OWNER/NAME.",
    "corpus.parameter": "{name} takes a whole number from {low} to {high} after its colon, not "
    "{value}. Write it for example as {example}.",
    "corpus.empty": "The text is empty. Paste or choose a text with at least {limit} characters.",
    "corpus.too_short": "The text has {value} tokens to train on; one sequence needs {limit}. "
    "Add text or make the sequence length smaller.",
    "corpus.below_minimum": "The text has {value} characters; at least {limit} are needed. "
    "Add text.",
    "corpus.batch_shrunk": "The text fills only {value} streams of {length} tokens, so the "
    "batch is {value} and not {asked}.",
    "corpus.one_symbol": "The text repeats one single character, so there is nothing to predict. "
    "Choose a text with at least two different characters.",
    "corpus.nothing_frequent": "No piece of the text occurs {limit} times; the commonest occurs "
    "{value} times. Make the least frequency smaller.",
    "corpus.nothing_to_train": "Nothing is left to train on: what is held out, with the gap, takes "
    "all of the text. Make {validation_share}, {test_share} or {gap} smaller, or choose another "
    "{division}.",
    "corpus.no_own_parts": "This text does not come divided, so it has no parts of its own. Choose "
    "something else under {division}.",
    "corpus.short_part": "Of the parts that this text comes in (training, validation, test), "
    "number {part} has only {value} characters without blank rows and copies; each needs {limit}. "
    "Choose one split, which is then divided in order.",
    "corpus.binary": "{name} does not look like text (it holds binary data). "
    "Choose a plain text file.",
    "corpus.encoding": "{name} cannot be read as {encoding}. Save it as UTF-8 and try again.",
    "corpus.encoding_at": "{name} cannot be read as {encoding}: byte {byte} does not fit. Choose "
    "another encoding, or save the file as UTF-8.",
    "corpus.damaged_archive": "{name} cannot be unpacked: it is damaged, or packed in a way that "
    "is not known here. Pack it again, or upload what is inside.",
    "corpus.locked": "{name} is locked with a password. Upload what is inside.",
    "corpus.unpacked_too_large": "{name} holds more than {limit} MB once it is unpacked. Upload "
    "a part of it.",
    "corpus.too_many_files": "{name} holds {value} files; at most {limit} are read. Pack fewer.",
    "corpus.nothing_inside": "{name} holds no file of text. Choose another file.",
    "corpus.damaged_table": "The table {name} is damaged and cannot be read. Save it again, or "
    "choose another file.",
    "corpus.no_rows": "The table {name} has no rows. Choose another file.",
    "corpus.no_text_column": "The table {name} has no column of text. Choose another file.",
    "corpus.blank_column": "The column {column} of {name} holds no text. Choose another column.",
    "corpus.bad_row": "Row {row} of {name} is no UTF-8 text in its column {column}. Choose another "
    "column, or mend the file.",
    "corpus.ragged_row": "Row {row} of {name} has {value} fields, but only {limit} have a name. "
    "Put quotation marks around texts that hold the separator, or read the file as plain text.",
    "corpus.open_quote": "The row of {name} that begins in line {line} has a quotation mark that "
    "does not close, or text behind one. Mend that line, or read the file as plain text.",
    "corpus.bad_json": "{name} is no valid JSON in line {line}, column {column}. Mend that place, "
    "or read the file as plain text.",
    "corpus.no_file": "There is no file {name}. Check the spelling.",
    "corpus.too_large": "{name} is larger than {limit} MB. Choose a smaller file.",
    "corpus.lost": "The text of this run is no longer in the store and cannot be read again. "
    "Start a new run on it.",
    "corpus.not_stored": "The text that these settings name is not on this machine. Choose another "
    "one, or bring it in again.",
    "corpus.changed": "The text {name} is not the one that this run was trained on (it differs by "
    "Python version). Start a new run to use the text of this machine.",
    "corpus.not_here": "The dataset {id} has not been read on this machine with these settings. "
    "Read it on the Data page, or choose another text.",
    "corpus.not_kept": "The text cannot be kept on this machine ({reason}). Free some space and "
    "try again.",
    # tables of vectors
    "vectors.line": "Line {line} of {name} has {value} numbers, but the lines before it have "
    "{limit}. Mend or delete that line.",
    "vectors.number": "Line {line} of {name} holds {value}, which is not a finite number. Mend or "
    "delete that line.",
    "vectors.no_table": "{name} is no table of vectors. Each line must be a word and its numbers, "
    "separated by spaces.",
    "vectors.archive": "{name} cannot be read. An .npz file must hold the arrays words (N texts) "
    "and vectors (N rows of numbers).",
    "vectors.too_wide": "{name} has {value} numbers for each word; at most {limit} can be used. "
    "Choose a table of shorter vectors.",
    "vectors.lost": "The table of vectors is not on this machine. Read it again on the Data "
    "page, or let the embedding begin from scratch.",
    "vectors.not_here": "The table {id} has not been read on this machine. Read it on the Data "
    "page, or let the embedding begin from scratch.",
    "vectors.bad_id": "{value} names no table on the hub. It looks like OWNER/NAME, or "
    "OWNER/NAME:FILE, for example stanfordnlp/glove:glove.6B.zip.",
    "vectors.no_hub_file": "{id} has no file {value}. Choose one of {choices}.",
    "vectors.no_files": "{id} holds no file that may be a table of vectors (.vec, .txt, .npz, .gz "
    "or .zip). Choose another one.",
    "vectors.none_inside": "{name} holds no table of vectors (.vec or .txt). Choose another file.",
    "vectors.no_member": "{name} holds no file {value}. Choose one of {choices}.",
    "vectors.which": "{name} holds several tables. Write one of these after a colon: {choices}.",
    # the Hugging Face hub
    "hub.bad_id": "{value} is not a dataset id. It looks like OWNER/NAME, for example "
    "roneneldan/TinyStories.",
    "hub.missing": "There is no public {id} on the hub. Check the spelling of the id; for "
                   "a private one, enter a token that may read it.",
    "hub.gated": "{id} is gated: its owner must grant access first. Enter a token of an account "
                 "that has it, or choose another one.",
    "hub.no_access": "The account of this token has no access to {id} yet. Ask for it on "
                     "its page on the hub, or choose another one.",
    "hub.token": "The hub does not know this token. Copy it once more from your settings on the "
                 "hub, or go on without one.",
    "hub.revision": "{id} has no such revision. Leave it out to read the newest.",
    "hub.place": "{value} is no place to begin at. Give a whole number from 1 to {limit}, or leave "
                 "it out to read from the beginning.",
    "hub.offline": "The hub cannot be reached. Check the network, or use what is here already.",
    "hub.timeout": "The hub did not answer within {seconds} seconds. Try again later, or use "
    "what is here already.",
    "hub.busy": "The hub is busy (answer {status}). Try again in a minute, or use what is here "
    "already.",
    "hub.rate_limit": "The hub counts too many requests from this address. Try again in some "
                      "minutes, or use what is here already.",
    "hub.config": "{id} has no configuration {value}. Choose one of {choices}.",
    "hub.split": "{id} has no split {value}. Choose one of {choices}.",
    "hub.splits": "{value} does not name two or three different splits. Write what is trained on "
    "first and then what is held out, for example train+validation+test.",
    "hub.column": "{id} has no column {value}. Choose one of {choices}.",
    "hub.part_column": "The split {part} of {id} has no text in the column {value}. Read the split "
    "{first} alone, and it is divided here.",
    "hub.not_text": "The column {value} of {id} holds {type}, not text. Choose one of {choices}.",
    "hub.no_text": "{id} has no column of text. Choose another dataset.",
    "hub.no_files": "{id} holds no data files. Choose another dataset.",
    "hub.format": "{id} consists of {value} files, which cannot be read here. "
    "Choose another dataset.",
    "hub.outside": "{id} points to files outside of itself, which are not read. "
    "Choose another dataset.",
    "hub.script": "{id} needs a loading script, which is no longer supported, and has no Parquet "
    "export. Choose another dataset.",
    "hub.no_rows": "The column {value} of {id} held no text in the rows that were read. "
    "Choose another column or split.",
    "hub.unreadable": "The files of {id} cannot be read ({reason}). Choose another one.",
    "hub.cancelled": "Loading {id} was stopped. Nothing was changed.",
    # the run
    "run.missing": "There is no run in {folder}. Check the name, or list the runs.",
    "run.no_folder": "There is no folder {folder}. Check the spelling of what follows --runs.",
    "run.locked": "This run is already being trained by another process. Stop that one first.",
    "run.damaged": "The checkpoint of this run is damaged and no earlier one is whole. "
    "Train it again.",
    "run.no_checkpoint": "This run has no checkpoint yet. Wait until training has started.",
    "run.no_embedding": "This network has no row of numbers for each token: its input is one-hot "
    "and its softmax adaptive. Choose a run with an embedding.",
    "run.no_such_moment": "No moment is kept at step {value}. Kept are: {choices}.",
    "run.no_state": "A CNN has no state that it carries from character to character, so there is "
    "nothing of that to show. Choose a run with an RNN, GRU or LSTM.",
    "run.no_steps_left": "This run has already finished, at step {value}. Start a new one.",
    "run.ended_by_target": "The run ended at step {step}: it had reached {value} nats on the "
    "validation sample.",
    "run.ended_by_patience": "The run ended at step {step}, after {value} evaluations that were no "
    "better than the one at step {best}, whose weights are kept.",
    "run.ended_by_time": "The time was up at step {step} of the {total} that were planned: the "
    "machine was slower than measured, and the learning rate had not come all the way down.",
    "run.ended_early": "All {total} planned steps were done in {took} of the {seconds} s: the "
    "machine was faster than measured.",
    "run.no_numbers": "At this moment the network's outputs are no numbers, because its training "
    "diverged. Go back to an earlier moment, or train again with a lower learning rate.",
    "run.newest_no_numbers": "The newest weights of this run give no numbers, because its training "
    "diverged, so no units could be looked for. This earlier moment is shown as it was.",
    "run.mismatch": "The checkpoint does not fit the settings of this run: {what}.",
    "run.storage": "The run folder cannot be written ({reason}). Free some space, then resume.",
    "run.memory": "There was not enough memory to train this model. Make it smaller.",
    "run.crashed": "Training ended unexpectedly: {reason}. The log of the run has the details.",
    "run.diverged": "The loss stopped being a number at step {step} (the last finite loss was "
    "{loss}). Lower the learning rate or clip the gradient.",
    # several runs
    "queue.locked": "Another program keeps the queue of the runs locked. Try again in a minute.",
    "sweep.settings": "{value} settings are to vary; choose one to {limit}.",
    "sweep.no_values": "{field} has no values to try. Give at least one.",
    "sweep.too_many": "These values make {value} runs; at most {limit} are made at once. "
    "Give fewer values.",
    "sweep.seed_twice": "The seed is one of the settings that vary, so runs cannot be repeated "
    "with other seeds too. Leave out one of the two.",
    "sweep.in_run": "That is so in the runs with {values}.",
    # writing
    "prompt.unknown_characters": "The model has no id for {characters}; these are left out.",
    "generate.no_marks": "This model was trained without marks, so it does not know where a "
    "document ends. Leave documents at 0.",
    "generate.bad_setting": "{field} is {value}; it must be {rule}.",
    "intervention.no_unit": "No unit is chosen to be changed. Choose at least one.",
    "intervention.swap_two": "A swap exchanges the values of units, so it takes at least two. "
    "Choose another one.",
    "steer.nothing_forced": "Nothing is to be forced. Type at least one character.",
    "text.nothing_held_out": "This run has trained on all of its text, so there is nothing that it "
    "does not know. Choose a run with a held-out part.",
    "text.held_out_short": "Tokens in the held-out text: {value}; looking for units needs {limit}.",
    "label.bad_pattern": "“{pattern}” is no regular expression: character {place} does not "
    "fit. Mend it there, or write a backslash before a sign that is meant as itself.",
    "label.open_bracket": "“{pattern}” has a bracket that is not closed. Close it, or write a "
    "backslash before a bracket that is meant as itself.",
    "label.slow_pattern": "“{pattern}” takes too long on this text. Make it simpler; a repetition "
    "inside another repetition is the usual cause.",
    "label.no_match": "“{pattern}” matches nothing in the held-out text. Try a shorter one.",
    "label.no_character": "“{pattern}” finds places but takes in no character of them, and a label "
    "is of characters. Add one: a dot stands for any, so ^. is the first of a line.",
    "label.few_cases": "“{label}” has too few characters inside or outside: each half of the "
    "held-out text needs {limit} of both. Choose something commoner.",
    "label.few_marked": "At least {limit} characters of the text must be marked, and as many must "
    "not be. Mark more, or less.",
    "text.little_in_common": "Only {value} characters of this text are read by both networks; the "
    "comparison needs at least {limit}. Read a longer text, or choose another run.",
    "text.few_characters": "Characters in the text: {value}; this view needs at least {limit}.",
    "text.all_unknown": "Nothing is left to read: the model has no id for {characters}. Write with "
    "characters of its own text.",
    "text.too_short": "Tokens in the text: {value}; this view needs at least {limit}.",
    # trials of small tasks
    "trials.busy": "As many trainings as this machine takes ({value}) are running for others. Wait "
    "until one of them has ended, then start again.",
    "trials.failed": "The training has ended by a fault. Start it again; what was finished is "
    "kept.",
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: a code of `SENTENCES` and the values of its placeholders."""

    code: str
    values: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return SENTENCES[self.code].format_map(_Filled(self.values))


class _Filled(dict[str, object]):
    """The values of a sentence; a setting that it names stands for itself."""

    def __missing__(self, name: str) -> str:
        return name


class UnrollError(Exception):
    """An error a person can act on. `code` names the sentence, `values` fill it."""

    exit_code = 1

    def __init__(self, code: str, **values: object) -> None:
        self.problem = Problem(code, values)
        super().__init__(str(self.problem))

    @property
    def code(self) -> str:
        return self.problem.code

    @property
    def values(self) -> dict[str, object]:
        return self.problem.values


class BadInput(UnrollError):
    exit_code = 2


class CorpusError(BadInput):
    """The text cannot be used."""


class RunError(BadInput):
    """The run folder cannot be used."""


def storage_error(error: OSError) -> RunError:
    """What a full disk or a missing folder means to a person."""
    return RunError("run.storage", reason=error.strerror or type(error).__name__)


class ConfigError(BadInput):
    """One or more settings are wrong; `problems` holds all of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(first.code, **first.values)
        self.args = (" ".join(str(p) for p in self.problems),)


class Diverged(UnrollError):
    """The loss is not finite any more."""

    exit_code = 3
