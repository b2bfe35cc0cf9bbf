"""Checks every ONNX file in a folder with onnx.checker, and that the checker notices invalid ones."""

import sys
import tempfile
from pathlib import Path

import onnx


def check(path):
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    domains = {node.domain for node in model.graph.node} | {opset.domain for opset in model.opset_import}
    if domains != {""}:
        raise ValueError(f"operators that are not ONNX's own: {sorted(domains)}")


def noticed(model):
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/spoilt.onnx"
        onnx.save(model, path)
        try:
            check(path)
        except Exception:
            return True
        return False


def spoil_operator(graph):
    graph.node[0].op_type = "Transposed"


def spoil_order(graph):
    graph.node.append(graph.node.pop(0))


def spoil_shape(graph):
    graph.output[0].type.tensor_type.shape.dim[1].dim_value += 1


def spoil_type(graph):
    graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16


def spoil_domain(graph):
    graph.node[0].domain = "com.microsoft"


paths = sorted(str(path) for path in Path(sys.argv[1]).glob("*.onnx"))
failures = 0
for path in paths:
    try:
        check(path)
    except Exception as error:
        failures += 1
        print(f"{Path(path).stem}: {error}")

for spoil in (spoil_operator, spoil_order, spoil_shape, spoil_type, spoil_domain):
    model = onnx.load(paths[0])
    spoil(model.graph)
    if not noticed(model):
        failures += 1
        print(f"the checker did not notice {spoil.__name__}")

print(f"ONNX's checker {onnx.__version__}: {len(paths)} files, {failures} failures")
sys.exit(1 if failures or not paths else 0)
