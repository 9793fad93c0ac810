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
"cast":lambda x:ops.cast(ops.cast(x*5,"int32"),"float32")}
out = []
file = pathlib.Path(__file__).with_name("operation.keras")
for name,f in fs.items():
    keras.utils.clear_session()
    x=keras.Input((2,4)); m=keras.Model(x,f(x)); y=m.predict(X,verbose=0)
    m.save(file)
    out.append({"name":name,"config":json.loads(zipfile.ZipFile(file).read("config.json")),"output":[float(np.float32(v)) for v in y.ravel()],"shape":list(y.shape)})
json.dump({"keras":keras.__version__,"input":[float(v) for v in X.ravel()],"cases":out},open(pathlib.Path(__file__).with_name("keras-operations.json"), "w"))
file.unlink()
