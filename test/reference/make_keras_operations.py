"""Functional models with operations beside layers, as Keras writes them, and what they give: keras-operations.json.

Run with Keras 3: python make_keras_operations.py
"""
import json
import os
import pathlib
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from keras import ops
rng=np.random.default_rng(0); X=rng.normal(size=(3,2,4)).astype("float32").round(3)
fs={"x + 1":lambda x:x+1,"1 - x":lambda x:1-x,"2 / (x*x + 1)":lambda x:2/(x*x+1),"x - y":lambda x:x-x*2,"-x ** 2":lambda x:-(x**2),"2 ** x":lambda x:2**x,"x % 0.7":lambda x:x%0.7,"x // 0.7":lambda x:x//0.7,
"maximum":lambda x:ops.maximum(x,0.1)+ops.minimum(0.2,x),"matmul":lambda x:ops.matmul(x,ops.transpose(x,(0,2,1))),"x @ x":lambda x: x@ops.transpose(x,[0,2,1]),
"abs sqrt":lambda x:ops.sqrt(ops.abs(x)),"divide":lambda x:ops.divide(x,4),"absolute":lambda x:ops.absolute(x),"exp log":lambda x:ops.log(ops.exp(x)+1),"expm1 log1p":lambda x:ops.log1p(ops.square(ops.expm1(x))),"trig":lambda x:ops.sin(x)+ops.cos(x)*ops.tanh(x),
"rounding":lambda x:ops.floor(x)+ops.ceil(x)*2+ops.sign(x)*4+ops.trunc(3*x)*8,"reciprocal":lambda x:ops.reciprocal(x),
"activations":lambda x:ops.relu(x)+ops.relu6(7*x)+ops.sigmoid(x)+ops.softplus(x)+ops.softsign(x)+ops.silu(x)+ops.selu(x)+ops.hard_sigmoid(x)+ops.leaky_relu(x)+ops.leaky_relu(x,0.3),
"softmax":lambda x:ops.softmax(x),"softmax axis 1":lambda x:ops.softmax(x,axis=1),
"sum":lambda x:ops.sum(x,axis=-1),"mean":lambda x:ops.mean(x,axis=(1,2),keepdims=True),"max":lambda x:ops.max(x,axis=1)-ops.min(x,axis=1),"prod":lambda x:ops.prod(x,axis=2),"var":lambda x:ops.var(x,axis=2)+ops.std(x,axis=-1),
"clip":lambda x:ops.clip(x,-0.5,0.5),"reshape":lambda x:ops.reshape(x,(-1,8)),"expand squeeze":lambda x:ops.squeeze(ops.expand_dims(x,1),1),"concatenate":lambda x:ops.concatenate([x,x+1],axis=-1),"stack":lambda x:ops.stack([x,x*2],axis=1),
"x[:, 1]":lambda x:x[:,1],"x[:, -1, 1:3]":lambda x:x[:,-1,1:3],"x[..., ::2]":lambda x:x[...,::2],"x[:, None, :, -2:]":lambda x:x[:,None,:,-2:],
"cast":lambda x:ops.cast(ops.cast(x*5,"int32"),"float32"),
"more activations":lambda x:ops.elu(x,0.7)+ops.gelu(x)+ops.gelu(x,approximate=False)+ops.celu(x,1.5)+ops.hard_silu(x)+ops.hard_tanh(2*x)+ops.hard_shrink(x,0.3)+ops.soft_shrink(x)+ops.tanh_shrink(x)+ops.squareplus(x,2)+ops.log_sigmoid(x),
"log softmax":lambda x:ops.log_softmax(x)+ops.log_softmax(x,axis=1),
"argmax":lambda x:ops.cast(ops.argmax(x,axis=-1)*10+ops.argmin(x,axis=2),"float32"),"argmax keepdims":lambda x:x*ops.cast(ops.argmax(x,axis=1,keepdims=True),"float32"),
"comparisons":lambda x:sum(ops.cast(c,"float32")*f for f,c in ((1,x>0.2),(2,x>=0.2),(4,x<-0.5),(8,x<=-0.5),(16,ops.equal(ops.sign(x),1)),(32,ops.not_equal(ops.sign(x),1)))),
"logical":lambda x:ops.cast(ops.logical_and(x>0,x<1),"float32")+2*ops.cast(ops.logical_or(x<-1,x>1),"float32")+4*ops.cast(ops.logical_not(x>0),"float32"),
"where":lambda x:ops.where(x>0,x,x*0.1),"where number":lambda x:ops.where(x>0,x,0.5),
"any all":lambda x:ops.cast(ops.any(x>1,axis=-1),"float32")+2*ops.cast(ops.all(x<1.5,axis=-1),"float32"),
"log2 log10":lambda x:ops.log2(ops.square(x)+1)+ops.log10(ops.square(x)+1),"round":lambda x:ops.round(x)+ops.round(x*3,decimals=1),
"logsumexp":lambda x:ops.logsumexp(x,axis=-1,keepdims=True)+ops.logsumexp(x,axis=1,keepdims=True),"rsqrt erf":lambda x:ops.rsqrt(ops.square(x)+1)+ops.erf(x),
"norm":lambda x:ops.norm(x,axis=-1),"cumsum":lambda x:ops.cumsum(x,axis=1),
"roll flip":lambda x:ops.roll(x,1,axis=2)+ops.flip(x,axis=2),"tile repeat":lambda x:ops.tile(x,(1,2,1))+ops.repeat(x,2,axis=1),
"swapaxes":lambda x:ops.swapaxes(x,1,2),"moveaxis":lambda x:ops.moveaxis(x,1,2),
"einsum":lambda x:ops.einsum("bij,bkj->bik",x,x+1),"amax":lambda x:ops.amax(x,axis=-1)-ops.amin(x,axis=-1),"average":lambda x:ops.average(x,axis=1),
"logaddexp":lambda x:ops.logaddexp(x,2*x),"stop gradient":lambda x:x+ops.stop_gradient(x),"pad":lambda x:ops.pad(x,((0,0),(1,0),(0,2))),
"take":lambda x:ops.take(x,[1,0,1],axis=1),"tan":lambda x:ops.tan(0.5*x)}
out = []
file = pathlib.Path(__file__).with_name("operation.keras")
for name,f in fs.items():
    keras.utils.clear_session()
    x=keras.Input((2,4)); m=keras.Model(x,f(x)); y=m.predict(X,verbose=0)
    m.save(file)
    out.append({"name":name,"config":json.loads(zipfile.ZipFile(file).read("config.json")),"output":[float(np.float32(v)) for v in y.ravel()],"shape":list(y.shape)})
json.dump({"keras":keras.__version__,"input":[float(v) for v in X.ravel()],"cases":out},open(pathlib.Path(__file__).with_name("keras-operations.json"), "w"))
file.unlink()
