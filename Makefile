# Needs Python 3.11 to 3.13 and a package index, nothing else. uv is used where there is one.
.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-bi test-faults fuzz bi init rates run restore rebuild upgrade withdraw erase prune explain review session \
	crm metrics dev docs bench lint lock clean

# What is handed to make is text, never code: it is taken as it was written, without make's own $(…), and quoted for the
# shell. A line break would begin a new command, so it becomes a blank.
define newline


endef
quote = '$(subst ','\'',$(subst $(newline), ,$(1)))'
text = $(call quote,$(value $(1)))
option = $(if $(value $(2)),$(1) $(call text,$(2)))
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
endif
# Superset 6.1 wants a pandas that has no wheel for Python 3.13.
ifeq ($(origin BI_PYTHON),undefined)
BI_PYTHON := $(shell for p in $(call text,PYTHON) python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && { echo "$$p"; break; }; done)
endif
unexport DIR EXPORTS MONTH SEEDS PARTY EMAIL CONTACT NAME ACCOUNT MONTHS LEFT RIGHT PARTNER BY PORT DEMO_USER BENCH_DATA RIVALS \
	MILLION PARTS CURRENCY RATES DEMO N SEED PYTHON BI_PYTHON
BIN := .venv/bin
SETUP := .venv/requirements.lock
BI_SETUP := .venv-bi/requirements.lock
RIVALS_SETUP := .venv-rivals/pyvenv.cfg
CLIENTS_SETUP := .venv-clients/pyvenv.cfg
NO_TELEMETRY := GX_ANALYTICS_ENABLED=false DBT_SEND_ANONYMOUS_USAGE_STATS=false DO_NOT_TRACK=1
RUN := $(NO_TELEMETRY) $(BIN)/python -m

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(SETUP): requirements.lock
	@test -n $(call text,PYTHON) || { echo "No Python 3.11, 3.12 or 3.13 found: install one, or say make PYTHON=/path/to/python3.12"; exit 1; }
	@echo Setting up .venv with $(call text,PYTHON) …
	@if command -v uv >/dev/null; then \
		uv venv --quiet --clear --python "$$($(call text,PYTHON) -c 'import sys; print(sys.executable)')" .venv && \
		uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --require-hashes -r requirements.lock; \
	else \
		$(call text,PYTHON) -m venv --clear .venv && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock; \
	fi
	@cp requirements.lock $(SETUP)

demo: $(SETUP) ## run the monthly job on demo/exports and show what it found
	@$(RUN) orchestration demo

test: $(SETUP) ## lint, types, dbt parse, pytest, dbt build of the demo with all tests [DEMO=var/demo: one that is built already]
	@$(MAKE) --no-print-directory lint
	@$(RUN) pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(call option,--demo,DEMO)

test-fast: $(SETUP) ## what needs no dbt, in under two minutes
	@$(BIN)/ruff check .
	@$(RUN) pytest --numprocesses 2 --dist loadfile -m "not dbt and not bi and not faults"

lint: $(SETUP) ## ruff, mypy and sqlfluff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests

init: $(SETUP) ## DIR=dir [NAME="Our Company"] [CURRENCY=EUR] [RATES=eurofxref-hist.zip]: a workspace of your own
	@test -n $(call text,DIR) || { echo "Say where: make init DIR=my-workspace"; exit 2; }
	@$(RUN) orchestration init $(call option,--name,NAME) $(call option,--currency,CURRENCY) $(call option,--rates,RATES) -- $(call text,DIR)

rates: $(SETUP) ## RATES=eurofxref-hist.zip EXPORTS=dir: the exchange rates that the ECB publishes, loaded into your workspace
	@test -n $(call text,EXPORTS) && test -n $(call text,RATES) || { echo "Say which: make rates EXPORTS=my-workspace/exports RATES=eurofxref-hist.zip"; exit 2; }
	@$(RUN) orchestration rates --exports $(call text,EXPORTS) -- $(call text,RATES)

run: $(SETUP) ## EXPORTS=dir MONTH=2026-10 [SEEDS=dir]: the monthly job on your own exports
	@test -n $(call text,EXPORTS) && test -n $(call text,MONTH) || { echo "Say which: make run EXPORTS=my-workspace/exports MONTH=2026-10"; exit 2; }
	@$(RUN) orchestration run --exports $(call text,EXPORTS) --month $(call text,MONTH) $(call option,--seeds,SEEDS)

restore: $(SETUP) ## MONTH=2026-09 [EXPORTS=dir]: an earlier month, published again
	@test -n $(call text,MONTH) || { echo "Say which: make restore MONTH=2026-09"; exit 2; }
	@$(RUN) orchestration restore --month $(call text,MONTH) $(call option,--exports,EXPORTS)

rebuild: $(SETUP) ## [EXPORTS=dir]: the warehouse built anew from its own raw tables, when a release asks for it
	@$(RUN) orchestration rebuild $(call option,--exports,EXPORTS)

upgrade: $(SETUP) ## SEEDS=dir: the seeds of an older release, sorted into yours and those that a release ships
	@test -n $(call text,SEEDS) || { echo "Say which: make upgrade SEEDS=my-workspace/seeds"; exit 2; }
	@$(RUN) orchestration upgrade --seeds $(call text,SEEDS)

withdraw: $(SETUP) ## PARTY=acme [EXPORTS=dir]: a party that has withdrawn, taken out of everything
	@test -n $(call text,PARTY) || { echo "Say who: make withdraw PARTY=acme"; exit 2; }
	@$(RUN) orchestration withdraw $(call option,--exports,EXPORTS) -- $(call text,PARTY)

erase: $(SETUP) ## EMAIL=address, or CONTACT=party:id, or NAME=name ACCOUNT=key [EXPORTS=dir]: one person, taken out of everything
	@test -n $(call text,EMAIL)$(call text,CONTACT)$(call text,NAME) || { echo "Say who: make erase EMAIL=jane@acme.example"; exit 2; }
	@$(RUN) orchestration erase $(call option,--exports,EXPORTS) $(call option,--email,EMAIL) \
		$(call option,--contact,CONTACT) $(call option,--name,NAME) $(call option,--account,ACCOUNT)

prune: $(SETUP) ## [MONTHS=24] [EXPORTS=dir]: lists, refusals, results and logs older than the months that are kept
	@$(RUN) orchestration prune $(call option,--exports,EXPORTS) $(call option,--months,MONTHS)

explain: $(SETUP) ## LEFT=record RIGHT=record [EXPORTS=dir]: why two records are, or are not, one company
	@test -n $(call text,LEFT) && test -n $(call text,RIGHT) || { echo "Say which: make explain LEFT=us:123 RIGHT=acme:456"; exit 2; }
	@$(RUN) orchestration explain $(call option,--exports,EXPORTS) -- $(call text,LEFT) $(call text,RIGHT)

review: $(SETUP) ## [EXPORTS=dir]: the pairs that wait for a person, as a sheet to fill
	@$(RUN) orchestration review $(call option,--exports,EXPORTS)

session: $(SETUP) ## [PARTNER=id] [EXPORTS=dir]: the workbook of the one-hour mapping session, per partner
	@$(RUN) orchestration session $(call option,--exports,EXPORTS) $(call option,--partner,PARTNER)

crm: $(SETUP) ## [EXPORTS=dir]: tiers, plays and ranks as a CSV for our CRM, keyed by its own ids, and decisions about partners as one
	@$(RUN) orchestration crm $(call option,--exports,EXPORTS)

metrics: $(SETUP) ## [EXPORTS=dir] [BY="partner …"]: the figures of joint selling, all together or by partner, stage, month …
	@$(RUN) orchestration metrics $(call option,--exports,EXPORTS) $(foreach name,$(value BY),--by $(call quote,$(name)))

dev: $(SETUP) ## [EXPORTS=dir] [PORT=3000]: Dagster's web UI, on this machine alone
	@$(RUN) orchestration dev $(call option,--exports,EXPORTS) $(call option,--port,PORT)

docs: $(SETUP) ## [EXPORTS=dir]: the documentation of every table and column
	@$(RUN) orchestration docs $(call option,--exports,EXPORTS)

bi: $(SETUP) $(BI_SETUP) ## [EXPORTS=dir] [PORT=8088] [DEMO_USER=1]: dashboards over the published marts, in Apache Superset
	@$(RUN) bi $(call option,--exports,EXPORTS) $(call option,--port,PORT) $(if $(value DEMO_USER),--demo-user)

test-bi: $(SETUP) $(BI_SETUP) $(CLIENTS_SETUP) ## the dashboards and Dagster's page in a real Superset and Chromium, and other clients, on the demo
	@$(RUN) pytest -m bi

test-faults: $(SETUP) ## the faults that make test leaves out: runs killed at every stage, a full disk, a file of 2 GB
	@$(RUN) pytest -m faults

fuzz: $(SETUP) ## N=10000 [SEED=1]: files changed at random, each of which must land or be refused
	@$(RUN) benchmarks.fuzz $(call option,--count,N) $(call option,--seed,SEED)

$(BI_SETUP): bi/requirements.lock
	@test -n $(call text,BI_PYTHON) || { echo "No Python 3.11 or 3.12 found for Superset: install one, or say make bi BI_PYTHON=/path/to/python3.12"; exit 1; }
	@echo Setting up .venv-bi with $(call text,BI_PYTHON) …
	@if command -v uv >/dev/null; then \
		uv venv --quiet --clear --python "$$($(call text,BI_PYTHON) -c 'import sys; print(sys.executable)')" .venv-bi && \
		uv pip install --quiet --compile-bytecode --python .venv-bi/bin/python --no-deps --require-hashes -r bi/requirements.lock; \
	else \
		$(call text,BI_PYTHON) -m venv --clear .venv-bi && \
		.venv-bi/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r bi/requirements.lock; \
	fi
	@cp bi/requirements.lock $(BI_SETUP)

bench: $(SETUP) $(if $(value RIVALS),$(RIVALS_SETUP)) ## [BENCH_DATA=dir] [RIVALS=1] [MILLION=1] [PARTS="speed …"]: measure, into benchmarks/REPORT.md
	@$(RUN) benchmarks $(call option,--bench-data,BENCH_DATA) $(if $(value RIVALS),--rivals-python .venv-rivals/bin/python) \
		$(if $(value MILLION),--million) $(foreach part,$(value PARTS),--part $(call quote,$(part)))

# Tools we measure ourselves against, and clients of the published files; no part of our own set-up, nor of the lock. A pip
# that knows groups comes with 25.1.
$(RIVALS_SETUP) $(CLIENTS_SETUP): .venv-%/pyvenv.cfg: pyproject.toml
	@echo "Setting up .venv-$* …"
	@if command -v uv >/dev/null; then \
		uv venv --quiet --clear --python $(BIN)/python .venv-$* && \
		uv pip install --quiet --python .venv-$*/bin/python --group $*; \
	else \
		$(BIN)/python -m venv --clear .venv-$* && \
		.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check "pip>=25.1" && \
		.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --group $*; \
	fi
	@touch $@

lock: ## renew requirements.lock and bi/requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 --quiet --upgrade -o requirements.lock
	uv pip compile --group pyproject.toml:bi --universal --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 --quiet --upgrade -o bi/requirements.lock

clean: ## remove what was built, the set-up included
	rm -rf .venv .venv-bi .venv-clients .venv-rivals var dbt_project/target .mypy_cache .ruff_cache .pytest_cache .hypothesis
