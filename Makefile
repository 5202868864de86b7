# Two commands do all the set-up: `make lab` and `make test`.
PYTHON ?= python3
TORCH ?= torch==2.13.0
BIN := .venv/bin
CODE := realesr lab data_tools course tests benchmarks docs spaces_app.py
READY := .venv/.ready

.PHONY: setup lab lint test test-slow notebooks figures screenshots train-lab clean
.DEFAULT_GOAL := lab

setup: $(READY)

$(READY): pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make setup PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(TORCH)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[lab,train,data,course,dev]" "$(TORCH)"
	# What proves that others open our files; its torchvision, which is not needed, stays away.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps "spandrel>=0.4,<0.5" "einops>=0.8"
	@touch $(READY)

lab: setup
	$(BIN)/realesr-lab

lint: setup
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy

test: lint
	# Small tensors: one thread each is quicker, and machines are shared.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

test-slow: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[cluster]" "$(TORCH)"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow

# The course, executed, as pages in build/course; QUICK=0 trains for longer.
QUICK ?= 1
notebooks: setup
	QUICK=$(QUICK) $(BIN)/python -m course book build/course

figures: setup
	$(BIN)/python docs/figures/make_degradations.py
	$(BIN)/python docs/figures/make_models.py
	$(BIN)/python docs/figures/make_seams.py
	$(BIN)/python docs/figures/make_checkup.py
	$(BIN)/python docs/figures/make_synthetic.py
	$(BIN)/python docs/figures/make_report.py

screenshots: setup
	$(BIN)/python docs/figures/make_screenshots.py

# Hours on two cores; stopped with Ctrl-C it goes on where it was. Pictures lie in pictures/train.
train-lab: setup
	$(BIN)/realesr-data synth -o pictures/fields --kind fields --count 24 --seed 1000
	$(BIN)/realesr train configs/lab_x4_start.toml --resume
	$(BIN)/realesr train configs/lab_x4_structure.toml --resume
	$(BIN)/realesr train configs/lab_x4_fidelity.toml --resume
	$(BIN)/realesr train configs/lab_x4.toml --resume
	$(BIN)/realesr train configs/srcnn_x4.toml --resume
	$(BIN)/python benchmarks/bundled_models.py bundle

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
