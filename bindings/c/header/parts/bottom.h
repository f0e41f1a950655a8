#ifdef __cplusplus
}
#endif

#endif /* MCPSERVER_H */
