# One target a stage. Every target makes the environment that it needs (requirements/install.py),
# says what it wrote and what to do next. `make` alone prints the help below.

CONFIG    ?= internlm2_qlora.py
DOMAIN    ?= gongkao
WORK_DIRS ?= work_dirs
OUT       ?= $(WORK_DIRS)/$(DOMAIN)/data
DATA      ?= $(OUT)
RUN       ?= $(WORK_DIRS)/$(DOMAIN)/$(basename $(notdir $(CONFIG)))
BACKEND   ?= auto
HOST      ?= 127.0.0.1
PORT      ?= 23333
SUITE     ?= domain
BASE_PORT ?= 23341
TUNED_PORT ?= 23342
INT4_PORT ?= 23343
INDEX     ?= $(DATA)/../index
RAG       ?= open
RAG_MODES  = $(if $(filter 0,$(RAG)),,$(if $(filter closed,$(RAG)),open closed,open))
# What make quantize shipped, a .gguf or folder of your own, or 0.
INT4      ?= $(if $(wildcard $(RUN)/quantized.json),shipped,0)
EVAL_ARGS = --work-dir $(RUN) --domain $(DOMAIN)
# BASE_QUESTIONS=N: the untuned model is asked at most N a suite (it rarely stops by itself).
BASE_MOST = $(if $(BASE_QUESTIONS),$(foreach column,base rag rag_closed,--most $(column)=$(BASE_QUESTIONS)))
BENCH     ?= data
DEMO_CONFIG = smollm2_cpu_qlora.py
DEMO        = $(WORK_DIRS)/demo/$(DOMAIN)
# Answers longer than the bank's take longer: after nine rounds one in five was not yet learnt.
DEMO_MORE   = $(if $(filter medical novel,$(DOMAIN)),max_epochs=12)
# Half of them with evidence: their prompts are the longest, and the demo is to take minutes.
DEMO_ROWS   = $(if $(filter medical novel,$(DOMAIN)),40,34)

VENVS := $(if $(TIKUFORGE_VENVS),$(TIKUFORGE_VENVS),.venvs)
export TIKUFORGE_WORK_DIRS := $(abspath $(WORK_DIRS))
export PYTHONPATH := $(CURDIR)
# Repeated in every "next" line: what the user said about where things are.
export TIKUFORGE_GIVEN := $(strip $(foreach name,DOMAIN CONFIG OUT DATA RUN WORK_DIRS PORT EVIDENCE,\
  $(if $(filter command line environment,$(origin $(name))),$(name)=$($(name)))))
# The earlier project's MKL setting (two OpenMP runtimes in one process), and no surprise downloads.
export MKL_SERVICE_FORCE_INTEL := 1
export TOKENIZERS_PARALLELISM := false
export PYTHONUNBUFFERED := 1

CORE  = $(VENVS)/core/bin/python
# The recipe says which transformers its base needs (option environment).
TRAIN_STAGE := $(or $(shell sed -n 's/^ *environment="\([a-z0-9-]*\)".*/\1/p' \
  $(firstword $(wildcard $(CONFIG) configs/$(CONFIG) configs/$(CONFIG).py)) /dev/null),train)
TRAIN = $(VENVS)/$(TRAIN_STAGE)/bin/python
SERVE = $(VENVS)/serve/bin/python
EVAL  = $(VENVS)/eval/bin/python
DEV   = $(VENVS)/dev/bin/python

# NAME=value on the command line → --name value, for those of make data's options that are given.
given = $(foreach name,$(1),$(if $($(name)),--$(subst _,-,$(shell echo $(name) | tr A-Z a-z)) $($(name))))
DATA_ARGS = $(call given,BANK TABLE TEMPLATES NOVEL MIX MIX_RATIO AGAINST ENGINE ENCODING HIDDEN) $(if $(FORCE),--force) $(if $(ALLOW_LOSS),--allow-loss)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo data review train recipes merge quantize convert export deploy stop proxy chat bench-serve index evidence ask web \
        eval report compare estimate doctor check test test-slow lint bench gpu-check clean \
        download upload combine \
        env-core env-train env-train-448 env-serve env-turbomind env-lmdeploy env-clients env-eval env-dev env-ray env-speech env-hub

help:  ## 本帮助 this help
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env-core env-train env-train-448 env-serve env-turbomind env-lmdeploy env-clients env-eval env-dev env-ray env-speech env-hub: env-%:
	@python3 requirements/install.py $*

# review: here it only counts the rows in tokens, which needs the model that train brings.
DEMO_STAGES = data train review merge index eval
DEMO_GIVEN  = CONFIG=$(DEMO_CONFIG) RUN=$(DEMO)/$(basename $(DEMO_CONFIG)) OUT=$(DEMO)/data RESUME=auto \
  EVIDENCE=$(or $(EVIDENCE),1) EVIDENCE_ROWS=$(or $(EVIDENCE_ROWS),$(DEMO_ROWS)) \
  BASE_QUESTIONS=$(or $(BASE_QUESTIONS),24)
demo:  ## 无 GPU 全流程：题库→训练→部署→评测 the whole path on the sample, in minutes
	@number=0; took=; began=$$(date +%s); for stage in $(DEMO_STAGES); do \
	  number=$$((number + 1)); before=$$(date +%s); echo "[$$number/$(words $(DEMO_STAGES))] $$stage"; \
	  $(MAKE) --no-print-directory $$stage $(DEMO_GIVEN) OVERRIDE="$(strip $(DEMO_MORE) $(OVERRIDE))" || exit $$?; \
	  took="$$took $$stage $$(($$(date +%s) - before)) s,"; done; \
	  echo "用时 took:$$took 合计 total $$(($$(date +%s) - began)) s"
	@echo '打开网页 to chat: make deploy web DOMAIN=$(DOMAIN) RUN=$(DEMO)/$(basename $(DEMO_CONFIG))'

data: env-core  ## BANK="a.docx b.xlsx" [TABLE= TEMPLATES= NOVEL= MIX= DOMAIN= OUT=] → 数据集 a data set
	@$(if $(NOVEL),$(CORE) -m data_tools generate --novel $(NOVEL) --domain $(DOMAIN) --out $(OUT) \
	  $(if $(BASE_URL),--base-url $(BASE_URL) --model $(MODEL)))
	@$(if $(filter ray,$(ENGINE)),python3 requirements/install.py ray && $(VENVS)/ray/bin/python,$(CORE)) \
	  -m data_tools build --domain $(DOMAIN) --out $(OUT) --config $(CONFIG) $(DATA_ARGS)

review: env-core  ## 读回人工修改过的 review.xlsx re-read the edited workbook
	@$(CORE) -m data_tools review --domain $(DOMAIN) --out $(OUT) --config $(CONFIG)

TRAIN_ARGS = --domain $(DOMAIN) --data $(DATA) --work-dir $(RUN) \
  $(if $(OVERRIDE)$(LOAD_FROM)$(TRACK)$(GROUNDED),--override $(OVERRIDE) \
  $(if $(LOAD_FROM),load_from=$(LOAD_FROM)) $(if $(TRACK),track=$(TRACK)) $(if $(GROUNDED),evidence=True))
# EVIDENCE=1: also the training questions as retrieval asks them, so that the model learns to read.
GROUNDED  = $(if $(filter-out 0,$(EVIDENCE)),evidence)
train: $(if $(filter-out 0,$(NODE_RANK)),,$(GROUNDED)) env-$(TRAIN_STAGE)  ## CONFIG=internlm2_qlora.py [DOMAIN= DATA= EVIDENCE=1 RESUME=1 LOAD_FROM= GPUS= OVERRIDE="lr=5e-5"] 微调
	@$(TRAIN) -m train run $(CONFIG) $(call given,RESUME GPUS DEEPSPEED LAUNCHER PARTITION ADDR) \
	  $(if $(FORCE),--force) $(if $(NNODES),--nodes $(NNODES)) $(if $(NODE_RANK),--node-rank $(NODE_RANK)) \
	  $(TRAIN_ARGS)
	@$(if $(filter slurm,$(LAUNCHER))$(filter-out 0,$(NODE_RANK)),,$(TRAIN) -m train adapter --work-dir $(RUN))

recipes: env-core  ## 配方一览 the recipes in a table
	@$(CORE) -m train recipes

download: env-core env-hub  ## CONFIG=internlm2_qlora.py [HUB=modelscope|huggingface] 下载基座 the recipe's base model
	@$(CORE) -m train download $(CONFIG) --tools $(VENVS)/hub/bin $(call given,HUB)

estimate: $(GROUNDED) env-$(TRAIN_STAGE)  ## 训练前估算：参数、显存、步数、用时 memory, steps and time before training
	@$(TRAIN) -m train estimate $(CONFIG) $(TRAIN_ARGS)

# In all at most MINUTES of the GPU. REHEARSE=1: a tiny shape on the CPU, every line of it.
gpu-check: env-train env-serve  ## [REHEARSE=1 MINUTES=10] GPU 实测（随机权重，无需下载） train, merge, serve: one table
	@$(VENVS)/train/bin/python -m train gpu-check --out $(WORK_DIRS)/gpu-check \
	  $(call given,MINUTES) $(if $(filter-out 0,$(REHEARSE)),--rehearse)
	@$(SERVE) -m deploy gpu-check --out $(WORK_DIRS)/gpu-check

merge: env-$(TRAIN_STAGE)  ## 适配器并入基座 adapter + base → merged Hugging Face folder
	@$(TRAIN) -m train merge --work-dir $(RUN)

combine: env-train  ## BASE= ADAPTERS="a b" TO= 把只以 LoRA 发布的基座合成一个 a base published as adapters
	@$(VENVS)/train/bin/python -m train combine $(call given,BASE ADAPTERS TO)

# What is trained but not merged yet (or trained again since) is merged first.
MERGED = for trained in $(RUN)/adapter/adapter_config.json $(RUN)/whole/config.json; do \
  if [ -f $$trained ] && [ -z "$(MODEL)" ] && ! [ $(RUN)/merged/handover.json -nt $$trained ]; \
  then $(MAKE) --no-print-directory merge || exit $$?; fi; done

convert: env-serve  ## merged → 可部署格式 what the engine loads (GGUF on a CPU; turbomind.json)
	@$(MERGED)
	@$(SERVE) -m deploy convert --work-dir $(RUN) --domain $(DOMAIN) --backend $(BACKEND) $(call given,ROLE MODEL)

quantize: env-serve  ## [FORMAT=q4_k_m|q4_0|q6_k|awq|w8a8 MAX_LOSS=1 DATA=] 量化并测量损失 fewer bits, measured
	@$(MERGED)
	@$(SERVE) -m deploy quantize --work-dir $(RUN) --domain $(DOMAIN) --backend $(BACKEND) \
	  $(call given,FORMAT MAX_LOSS GROUP SAMPLE) $(if $(filter command line environment,$(origin DATA)),--data $(DATA))

# llamafactory, swift: the recipe and its rows, to be trained there (families that XTuner cannot load).
ELSEWHERE = $(filter llamafactory swift,$(FORMAT))
export: $(if $(ELSEWHERE),env-core,env-serve)  ## [FORMAT=gguf|ollama|hf|llamafactory|swift TYPE=q8_0 TO=] 导出 a folder to carry to another machine
	@$(if $(ELSEWHERE),$(CORE) -m train export $(CONFIG) --format $(FORMAT) --data $(DATA) \
	  --to $(or $(TO),$(RUN)/export/$(FORMAT)) $(call given,TEMPLATE) $(if $(OVERRIDE),--override $(OVERRIDE)),\
	  $(MERGED); $(SERVE) -m deploy export --work-dir $(RUN) --domain $(DOMAIN) $(call given,FORMAT TYPE TO))

upload: env-hub  ## REPO=我/模型 [HUB=modelscope|huggingface FOLDER= PUBLIC=1] 导出并上传（默认私有） to a model hub
	@[ -n "$(REPO)" ] || { echo '错误 error: 缺少 missing REPO=用户名/模型名 owner/model' >&2; exit 2; }
	@$(if $(FOLDER),,$(MAKE) --no-print-directory export FORMAT=hf)
	@python3 requirements/install.py core && $(CORE) -m deploy upload --work-dir $(RUN) --domain $(DOMAIN) \
	  --tools $(VENVS)/hub/bin --repo "$(REPO)" $(call given,HUB FOLDER) $(if $(PUBLIC),--public)

deploy: env-serve  ## 部署 OpenAI 兼容服务 serve on 127.0.0.1:23333 [BACKEND=auto|turbomind|pytorch|cpu ROLE=int4 MODEL=]
	@$(MERGED)
	@$(SERVE) -m deploy start --work-dir $(RUN) --domain $(DOMAIN) --backend $(BACKEND) \
	  --host $(HOST) --port $(PORT) $(call given,ROLE MODEL TP KV LORA THREADS) $(if $(FOREGROUND),--foreground)

proxy: env-serve  ## NODES="23333 23334" [GATEWAY=lmdeploy|nginx STRATEGY= PORT=24333] 多机 several servers
	@$(SERVE) -m deploy proxy --host $(HOST) $(if $(filter file,$(origin PORT)),,--port $(PORT)) \
	  $(call given,NODES GATEWAY STRATEGY)

stop: env-serve  ## 停止服务（等回答说完，NOW=1 立即） stop the server when its answers are finished
	@$(SERVE) -m deploy stop --port $(PORT) $(if $(NOW),--now)

chat: env-core  ## 终端对话 chat with the deployed model in the terminal
	@$(CORE) -m deploy chat --domain $(DOMAIN) --port $(PORT)

index: env-core  ## kb.jsonl → 检索索引（增量） the retrieval index, only what changed
	@$(CORE) -m rag index --domain $(DOMAIN) --data $(DATA) $(call given,EMBEDDING) \
	  $(if $(filter command line environment,$(origin INDEX)),--out $(INDEX))

evidence: index  ## [EVIDENCE_ROWS=2000] 训练题配上检索到的依据 for make train EVIDENCE=1
	@$(CORE) -m rag evidence --domain $(DOMAIN) --data $(DATA) --index $(INDEX) \
	  $(if $(EVIDENCE_ROWS),--most $(EVIDENCE_ROWS))

ask: env-core  ## Q="…" 一问一答并列出依据 one answer with its evidence
	@$(CORE) -m rag ask --domain $(DOMAIN) --data $(DATA) --port $(PORT) -- "$$Q"

bench-serve: env-core env-serve  ## 服务基准 tokens/s, first token, p50/p99 of the server on PORT [CLIENTS=]
	@$(CORE) benchmarks/serve.py --port $(PORT) $(call given,CLIENTS SOAK)

web: env-core  ## 网页 the page (= streamlit run web/app.py)
	@TIKUFORGE_PORT=$(PORT) $(VENVS)/core/bin/streamlit run web/app.py

# +RAG columns where there is an index (make index), the 4-bit one where there is a file (make quantize).
eval: env-core env-serve env-eval  ## 评测一张表 base, tuned, +RAG, 4-bit [SUITE=domain|general|all RAG=0|closed INT4=]
	@$(MERGED)
	@for mode in $(RAG_MODES); do ! [ -d $(INDEX) ] || \
	  $(CORE) -m eval retrieve $(EVAL_ARGS) --data $(DATA) --suite $(SUITE) --index $(INDEX) --mode $$mode || exit $$?; done
	@$(EVAL) -m eval serve $(EVAL_ARGS) --data $(DATA) --suite $(SUITE) --serve $(SERVE) --backend $(BACKEND) \
	  --ports $(TUNED_PORT) $(BASE_PORT) $(INT4_PORT) --deployed $(PORT) --int4 "$(INT4)" \
	  $(BASE_MOST) --modes $(if $(wildcard $(INDEX)),$(RAG_MODES))

report: env-core  ## 重写评测报告 write the report again from the last evaluation
	@$(CORE) -m eval report --work-dir $(RUN)

compare: env-core  ## A=运行 B=运行 比较两次评测 two runs side by side
	@$(CORE) -m eval compare $(A) $(B)

doctor: env-core  ## 检查环境 what this machine has and lacks
	@$(CORE) -m deploy doctor

check: $(GROUNDED) env-$(TRAIN_STAGE)  ## 数据、配方与提示一致性 data, recipe and prompt parity
	@$(TRAIN) -m train check $(CONFIG) $(TRAIN_ARGS)

bench: env-core env-train env-dev  ## BENCH=data|data_scale|train|train_step|serve|rag|web|eval_overhead [ARGS=] 基准
	@$(VENVS)/$(if $(filter train_step,$(BENCH)),train,$(if $(filter data,$(BENCH)),dev,core))/bin/python benchmarks/$(BENCH).py $(ARGS)

lint: env-dev  ## ruff 与类型检查 ruff and mypy
	@$(DEV) -m ruff check . && $(DEV) -m ruff format --check . && $(DEV) -m mypy

test: env-dev env-core env-train env-serve env-eval env-hub  ## 全部测试（<10 分钟） the tests
	@$(DEV) -m pytest -n 2 --dist loadgroup

SLOW_data = ray
SLOW_train = train train-448 serve eval lmdeploy
SLOW_deploy = serve lmdeploy clients
SLOW_eval = train serve eval
SLOW_web = train serve speech
ROOMS ?= data train deploy eval rag web
test-slow: env-dev env-core $(foreach room,$(ROOMS),$(SLOW_$(room):%=env-%))  ## [ROOMS="data rag"] 较慢的测试 the tests that take minutes
	@$(DEV) -m pytest -m slow $(ROOMS:%=tests/%)

# Resolve each stage anew from requirements/*.txt and note what came out.
lock:
	@for stage in core train train-448 serve turbomind eval dev hub; do python3 requirements/install.py --lock $$stage; done

clean:  ## 删除环境与演示输出（不动你的数据与权重） remove environments and the demo's outputs
	rm -rf $(VENVS) $(WORK_DIRS)/demo .pytest_cache .ruff_cache .mypy_cache
