export default { poweredByHeader: false, compress: false, serverExternalPackages: ["pg"] };
